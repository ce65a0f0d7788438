package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfrontorigins"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
)

// Media is the bucket for photos and videos of customers, and the address that they are shown at.
type Media struct {
	Bucket awss3.Bucket
	URL    *string // without a slash at its end
}

// newMedia makes a private bucket. Browsers upload below uploads/, with a signed address only, and
// what lies there is deleted after a day. CloudFront serves what is below public/ and nothing else.
func newMedia(stack awscdk.Stack, c Config) Media {
	bucket := awss3.NewBucket(stack, str("Media"), &awss3.BucketProps{
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(), Encryption: awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:      yes(true),
		ObjectOwnership: awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED, RemovalPolicy: c.removal(),
		LifecycleRules: &[]*awss3.LifecycleRule{
			// Uploads that nobody attached to a review.
			{Id: str("uploads"), Prefix: str("uploads/"), Expiration: awscdk.Duration_Days(num(1))},
			// Parts of uploads that were never finished cost like files.
			{Id: str("parts"), AbortIncompleteMultipartUploadAfter: awscdk.Duration_Days(num(1))},
		},
		Cors: &[]*awss3.CorsRule{{
			AllowedMethods: &[]awss3.HttpMethods{awss3.HttpMethods_PUT}, AllowedOrigins: strs(c.Origins...),
			AllowedHeaders: strs("content-type"), MaxAge: num(3600),
		}},
	})
	// Its name is taken in the whole account, so that a stage in another region needs another one; at most 64 characters.
	access := awscloudfront.NewS3OriginAccessControl(stack, str("MediaAccess"), &awscloudfront.S3OriginAccessControlProps{
		OriginAccessControlName: str("dangol-" + c.Stage.Name + "-media-" + *awscdk.Aws_REGION()),
		Description:             str("CloudFront reads the photos and videos of reviews"),
	})
	shown := awscloudfront.NewDistribution(stack, str("MediaDistribution"), &awscloudfront.DistributionProps{
		Comment:                str("Photos and videos of reviews"),
		MinimumProtocolVersion: awscloudfront.SecurityPolicyProtocol_TLS_V1_2_2021,
		DefaultBehavior: &awscloudfront.BehaviorOptions{
			Origin: awscloudfrontorigins.S3BucketOrigin_WithOriginAccessControl(bucket,
				&awscloudfrontorigins.S3BucketOriginWithOACProps{
					OriginPath: str("/public"), OriginAccessControl: access,
				}),
			ViewerProtocolPolicy: awscloudfront.ViewerProtocolPolicy_HTTPS_ONLY,
			// No sniffing: what a customer uploaded is never taken for a page.
			ResponseHeadersPolicy: awscloudfront.ResponseHeadersPolicy_SECURITY_HEADERS(),
		},
	})
	return Media{Bucket: bucket, URL: str("https://" + *shown.DistributionDomainName())}
}

// permit lets a function read and delete uploads, and write and delete published files.
func (m Media) permit(fn awslambda.Function) {
	below := func(folder string) *string { return str(*m.Bucket.BucketArn() + "/" + folder + "/*") }
	fn.AddToRolePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		// PutObject below uploads/ is what a signed address hands on to the browser.
		Actions: strs("s3:GetObject", "s3:PutObject", "s3:DeleteObject"), Resources: &[]*string{below("uploads")},
	}))
	fn.AddToRolePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: strs("s3:PutObject", "s3:DeleteObject"), Resources: &[]*string{below("public")},
	}))
}
