provider "aws" {
  s3_use_path_style = true
}
