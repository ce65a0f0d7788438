package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
)

// useModel lets a function ask the one model that the configuration names, in any region: Bedrock may answer from
// another region of the same inference profile.
func useModel(stack awscdk.Stack, c Config, fn awslambda.Function) {
	if c.Model == "" {
		return
	}
	arn := func(resource string) *string {
		return str("arn:" + *stack.Partition() + ":bedrock:" + resource)
	}
	fn.AddToRolePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: strs("bedrock:InvokeModel"),
		Resources: &[]*string{
			arn("*::foundation-model/" + c.Model), arn("*:" + *stack.Account() + ":inference-profile/" + c.Model),
		},
	}))
}

// sendText lets a function send text messages from the one origination identity that the configuration names.
func sendText(_ awscdk.Stack, c Config, fn awslambda.Function) {
	if c.SMSOrigination == "" {
		return
	}
	fn.AddToRolePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: strs("sms-voice:SendTextMessage"), Resources: strs(c.SMSOrigination),
	}))
}

// dialOut lets a function start calls by the one instance of Amazon Connect that the configuration names.
func dialOut(stack awscdk.Stack, c Config, fn awslambda.Function) {
	if c.ConnectInstance == "" {
		return
	}
	fn.AddToRolePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: strs("connect:StartOutboundVoiceContact"),
		Resources: &[]*string{stack.FormatArn(&awscdk.ArnComponents{
			Service: str("connect"), Resource: str("instance"), ResourceName: str(c.ConnectInstance + "/contact/*"),
		})},
	}))
}
