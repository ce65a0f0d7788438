package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
)

// exception is a cdk-nag rule that does not hold here, and why.
type exception struct{ rule, reason string }

// everywhere holds for every stack.
var everywhere = []exception{
	{"AwsSolutions-IAM5", "Log streams of a function's own group, X-Ray, stream listing and the versions of a " +
		"scheduled function have no narrower resource, and a promotion's schedules are named when it is published; " +
		"tables, queues, the bus and mail are named, and the permission test checks them action by action."},
}

// inData are the exceptions of the data stack.
var inData = []exception{
	{"AwsSolutions-COG2", "One-time passwords are offered to everybody and not forced on shoppers, who would leave; " +
		"operators turn theirs on at their first log-in (docs/deploy.md)."},
	{"AwsSolutions-S1", "The media bucket has photos that everybody may see; who looks at them is not recorded. " +
		"Attachments of " +
		"conversations are read by addresses that the chat function signs for one file and five minutes; its log says for " +
		"whom. Inbound mails are read by one function, which logs each."},
	{"AwsSolutions-CFR3", "Who looks at photos of reviews is not recorded; the bucket's and the distribution's metrics " +
		"are enough."},
	{"AwsSolutions-CFR4", "The distribution has CloudFront's own certificate until the shop brings a domain; TLS 1.2 " +
		"is then the least."},
	{"AwsSolutions-CFR1", "The shop sells where it wants; photos have no borders."},
	{"AwsSolutions-CFR2", "The distribution serves files only; there is nothing behind it to protect from requests."},
	{"AwsSolutions-COG3", "Threat protection is part of the Plus plan; a shop turns it on when it has the traffic to " +
		"pay for it."},
}

// inAPI are the exceptions of the API stack.
var inAPI = []exception{
	{"AwsSolutions-SQS3", "The queues of this stack are the dead-letter queues of its functions' events."},
	{"AwsSolutions-APIG4", "Routes without an authorizer are for guests or for signed webhooks; their functions check " +
		"token, cart token or signature, and a test walks every route with every kind of caller."},
}

// inAsync are the exceptions of the async stack.
var inAsync = []exception{
	{"AwsSolutions-SQS3", "The queues without a dead-letter queue are the dead-letter queues."},
}

// Suppress attaches the exceptions, with their reasons, to the stacks.
func Suppress(s Stacks) {
	suppress(s.Data.Stack, append(inData, everywhere...))
	suppress(s.Async.Stack, append(inAsync, everywhere...))
	suppress(s.API.Stack, append(inAPI, everywhere...))
}

// suppress attaches exceptions to a stack and to everything in it.
func suppress(stack awscdk.Stack, all []exception) {
	suppressions := make([]*cdknag.NagPackSuppression, len(all))
	for i, e := range all {
		suppressions[i] = &cdknag.NagPackSuppression{Id: str(e.rule), Reason: str(e.reason)}
	}
	cdknag.NagSuppressions_AddStackSuppressions(stack, &suppressions, yes(true))
}
