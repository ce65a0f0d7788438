package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsses"
)

// inboundFolder is where SES stores mails in their bucket.
const inboundFolder = "mails/"

// newInboundMail makes the private bucket of inbound mails, whose new objects are told on the default bus, and, when
// the deployment names a domain, the rule by which SES stores mails to it there.
func newInboundMail(stack awscdk.Stack, c Config) awss3.Bucket {
	bucket := awss3.NewBucket(stack, str("InboundMail"), &awss3.BucketProps{
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(), Encryption: awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:      yes(true),
		ObjectOwnership: awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED, RemovalPolicy: c.removal(),
		// The function deletes what it has worked off; what it could not work off is kept for a look.
		LifecycleRules: &[]*awss3.LifecycleRule{{Expiration: awscdk.Duration_Days(num(7))}},
	})
	// Set here, because the CDK's own switch deploys a function for it.
	bucket.Node().DefaultChild().(awss3.CfnBucket).SetNotificationConfiguration(
		&awss3.CfnBucket_NotificationConfigurationProperty{
			EventBridgeConfiguration: &awss3.CfnBucket_EventBridgeConfigurationProperty{EventBridgeEnabled: yes(true)},
		})
	if c.InboundDomain == "" {
		return bucket
	}
	rules := "dangol-" + c.Stage.Name
	bucket.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: strs("s3:PutObject"), Resources: &[]*string{str(*bucket.BucketArn() + "/" + inboundFolder + "*")},
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(str("ses.amazonaws.com"), nil)},
		// SES acts for many accounts: only this account's rules may store here.
		Conditions: &map[string]any{
			"StringEquals": map[string]any{"aws:SourceAccount": stack.Account()},
			"ArnLike": map[string]any{"aws:SourceArn": stack.FormatArn(&awscdk.ArnComponents{
				Service: str("ses"), Resource: str("receipt-rule-set"), ResourceName: str(rules + ":receipt-rule/*"),
			})},
		},
	}))
	set := awsses.NewCfnReceiptRuleSet(stack, str("InboundRules"), &awsses.CfnReceiptRuleSetProps{RuleSetName: &rules})
	rule := awsses.NewCfnReceiptRule(stack, str("InboundRule"), &awsses.CfnReceiptRuleProps{
		RuleSetName: set.Ref(),
		Rule: &awsses.CfnReceiptRule_RuleProperty{
			// ScanEnabled makes SES write its verdicts on spam and viruses into the mail.
			Enabled: yes(true), ScanEnabled: yes(true), TlsPolicy: str("Optional"), Recipients: strs(c.InboundDomain),
			Actions: &[]any{&awsses.CfnReceiptRule_ActionProperty{
				S3Action: &awsses.CfnReceiptRule_S3ActionProperty{
					BucketName: bucket.BucketName(), ObjectKeyPrefix: str(inboundFolder),
				},
			}},
		},
	})
	// SES tries to write when the rule is made.
	rule.Node().AddDependency(bucket.Policy())
	return bucket
}

// receiveMail lets a function read and delete inbound mails, and store files of conversations.
func receiveMail(fn awslambda.Function, inbound, files awss3.Bucket) {
	fn.AddToRolePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   strs("s3:GetObject", "s3:DeleteObject"),
		Resources: &[]*string{str(*inbound.BucketArn() + "/" + inboundFolder + "*")},
	}))
	fn.AddToRolePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: strs("s3:PutObject"), Resources: &[]*string{str(*files.BucketArn() + "/chat/*")},
	}))
}
