"""What sagetop asks of IAM: each action, what it is for, and whether it only reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["read", "extra", "change"]
"""`read`: without it something that belongs to every screen is missing. `extra`: something else stands in for it, or it
is of one pane only. `change`: it changes something, or runs a model: never tried."""


@dataclass(frozen=True, slots=True)
class Permission:
    """One IAM action, and what it is for."""

    action: str
    use: str
    kind: Kind = "read"


PERMISSIONS = (
    Permission("sts:GetCallerIdentity", "account and role on top"),
    Permission("sagemaker:ListTrainingJobs", "the list of jobs"),
    Permission("sagemaker:DescribeTrainingJob", "a job"),
    Permission("sagemaker:Search", "many jobs in one request, else one by one", "extra"),
    Permission("sagemaker:ListEndpoints", "the list of endpoints"),
    Permission("sagemaker:DescribeEndpoint", "an endpoint"),
    Permission("sagemaker:DescribeEndpointConfig", "instance types and models"),
    Permission("sagemaker:DescribeModel", "where a model's data lies", "extra"),
    Permission("sagemaker:ListModels", "the list of models", "extra"),
    Permission("sagemaker:ListInferenceComponents", "inference components of an endpoint", "extra"),
    Permission("sagemaker:DescribeInferenceComponent", "their copies and models", "extra"),
    Permission("logs:DescribeLogStreams", "logs"),
    Permission("logs:GetLogEvents", "logs"),
    Permission("logs:FilterLogEvents", "new and late lines of logs"),
    Permission("cloudwatch:GetMetricData", "charts and use"),
    Permission("cloudwatch:DescribeAlarms", "alarms on an endpoint's charts", "extra"),
    Permission("cloudwatch:DescribeAlarmHistory", "when they went off", "extra"),
    Permission("application-autoscaling:DescribeScalableTargets", "auto-scaling"),
    Permission("application-autoscaling:DescribeScalingPolicies", "its policies"),
    Permission("application-autoscaling:DescribeScalingActivities", "what it did, on the charts", "extra"),
    Permission("application-autoscaling:DescribeScheduledActions", "what removing it would lose", "extra"),
    Permission("pricing:GetProducts", "what jobs cost", "extra"),
    Permission("s3:GetObject", "a job's files in S3", "extra"),
    Permission("s3:ListBucket", "a job's files in S3", "extra"),
    Permission("application-autoscaling:RegisterScalableTarget", "suspend, resume and set auto-scaling", "change"),
    Permission("application-autoscaling:DeregisterScalableTarget", "remove auto-scaling", "change"),
    Permission("application-autoscaling:PutScalingPolicy", "set auto-scaling", "change"),
    Permission("application-autoscaling:DeleteScalingPolicy", "set auto-scaling", "change"),
    Permission("application-autoscaling:PutScheduledAction", "restore auto-scaling", "change"),
    Permission("cloudwatch:PutMetricAlarm", "the alarms of a scaling policy", "change"),
    Permission("cloudwatch:DeleteAlarms", "the alarms of a scaling policy", "change"),
    Permission("iam:CreateServiceLinkedRole", "the first auto-scaling of an account", "change"),
    Permission("sagemaker:UpdateEndpointWeightsAndCapacities", "weights and instance counts", "change"),
    Permission("sagemaker:StopTrainingJob", "stop a job", "change"),
    Permission("sagemaker:InvokeEndpoint", "ask a model", "change"),
    Permission("sagemaker:InvokeEndpointWithResponseStream", "ask a model that streams", "change"),
    Permission("sagemaker:CreateModel", "deploy a model", "change"),
    Permission("sagemaker:CreateEndpointConfig", "deploy a model", "change"),
    Permission("sagemaker:CreateEndpoint", "deploy a model", "change"),
    Permission("sagemaker:DeleteModel", "clean up a deployment that failed", "change"),
    Permission("sagemaker:DeleteEndpointConfig", "clean up a deployment that failed", "change"),
    Permission("sagemaker:DeleteEndpoint", "clean up a deployment that failed", "change"),
    Permission("sagemaker:CreateTrainingJob", "submit a job", "change"),
    Permission("s3:PutObject", "upload a model or a script", "change"),
    Permission("iam:PassRole", "deploy a model, submit a job", "change"),
)

_PASSED = {
    "iam:PassRole": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
    "iam:CreateServiceLinkedRole": {
        "StringLike": {"iam:AWSServiceName": "sagemaker.application-autoscaling.amazonaws.com"}
    },
}


def policy(which: Literal["read", "full"]) -> dict[str, Any]:
    """The least IAM policy for all that reads, or for all there is; its resources are for the reader to narrow."""
    statements = [_statement("SagetopReads", [one.action for one in PERMISSIONS if one.kind != "change"])]
    if which == "full":
        changes = [one.action for one in PERMISSIONS if one.kind == "change"]
        statements.append(_statement("SagetopChanges", [action for action in changes if action not in _PASSED]))
        statements += [
            {**_statement(f"Sagetop{action.rpartition(':')[2]}", [action]), "Condition": condition}
            for action, condition in _PASSED.items()
        ]
    return {"Version": "2012-10-17", "Statement": statements}


def _statement(name: str, actions: list[str]) -> dict[str, Any]:
    return {"Sid": name, "Effect": "Allow", "Action": actions, "Resource": "*"}
