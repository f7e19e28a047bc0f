"""Amazon SageMaker, CloudWatch and Application Auto Scaling, through boto3."""
