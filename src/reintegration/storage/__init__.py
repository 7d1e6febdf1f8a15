"""S3: the client, presigned transfer, multipart uploads and the embedded server. Imports the kernel only."""
