package stacks

import (
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
)

// geographies are what the ids of Bedrock's own inference profiles have before the id of their model, such as
// apac.anthropic.claude-3-haiku-20240307-v1:0.
// https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
var geographies = []string{"us", "us-gov", "eu", "apac", "jp", "au", "ca", "global"}

// useModel lets a function ask the one model that the configuration names, in any region: Bedrock may answer from
// another region of the same inference profile, and asks for the permission for the model there, by the model's own id.
func useModel(stack awscdk.Stack, c Config, fn awslambda.Function) {
	if c.Model == "" {
		return
	}
	model := c.Model
	if geography, of, ok := strings.Cut(c.Model, "."); ok && slices.Contains(geographies, geography) {
		model = of
	}
	arn := func(resource string) *string {
		return str("arn:" + *stack.Partition() + ":bedrock:" + resource)
	}
	fn.AddToRolePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: strs("bedrock:InvokeModel"),
		Resources: &[]*string{
			arn("*::foundation-model/" + model), arn("*:" + *stack.Account() + ":inference-profile/" + c.Model),
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
