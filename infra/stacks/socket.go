package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2authorizers"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2integrations"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
)

// socketStage is the stage of the WebSocket API.
const socketStage = "live"

// Throttling of the WebSocket API, frames a second and burst. Frames and the posts to connections share the account's
// 10,000 requests a second with the HTTP API, so this bounds what a flood of frames takes from the shop.
const (
	frameRate  = 500
	frameBurst = 1_000
)

// socket is the WebSocket API.
type socket struct {
	stack awscdk.Stack
	api   awsapigatewayv2.WebSocketApi
}

func newSocket(stack awscdk.Stack, c Config) *socket {
	return &socket{stack, awsapigatewayv2.NewWebSocketApi(stack, str("Socket"), &awsapigatewayv2.WebSocketApiProps{
		ApiName: str("dangol-" + c.Stage.Name + "-socket"), RouteSelectionExpression: str("$request.body.do"),
		Description: str("Conversations: news at once"),
	})}
}

// address is where clients connect. It names the API and not the stage, so that the function, which reads it, does not
// depend on what depends on the function.
func (s *socket) address() *string { return str(*s.api.ApiEndpoint() + "/" + socketStage) }

// serve makes the function answer every frame, and its authorizer stand before $connect: a ticket in the query, without
// which API Gateway answers 401 by itself.
func (s *socket) serve(c Config, fn awslambda.Function) {
	integrate := func(name string) awsapigatewayv2.WebSocketRouteIntegration {
		return awsapigatewayv2integrations.NewWebSocketLambdaIntegration(str("socket-"+name), fn, nil)
	}
	authorizer := awsapigatewayv2authorizers.NewWebSocketLambdaAuthorizer(str("Ticket"), fn,
		&awsapigatewayv2authorizers.WebSocketLambdaAuthorizerProps{IdentitySource: strs("route.request.querystring.ticket")})
	s.api.AddRoute(str("$connect"),
		&awsapigatewayv2.WebSocketRouteOptions{Integration: integrate("connect"), Authorizer: authorizer})
	s.api.AddRoute(str("$disconnect"), &awsapigatewayv2.WebSocketRouteOptions{Integration: integrate("disconnect")})
	// What the function returns goes back on the connection.
	s.api.AddRoute(str("$default"),
		&awsapigatewayv2.WebSocketRouteOptions{Integration: integrate("default"), ReturnResponse: yes(true)})
	logs := awslogs.NewLogGroup(s.stack, str("SocketLogs"), &awslogs.LogGroupProps{
		Retention: retention(c.Stage.LogDays), RemovalPolicy: c.removal(),
	})
	stage := awsapigatewayv2.NewWebSocketStage(s.stack, str("SocketStage"), &awsapigatewayv2.WebSocketStageProps{
		WebSocketApi: s.api, StageName: str(socketStage), AutoDeploy: yes(true),
		DetailedMetricsEnabled: yes(c.DetailedMetrics),
		Throttle:               &awsapigatewayv2.ThrottleSettings{RateLimit: num(frameRate), BurstLimit: num(frameBurst)},
	})
	format := `{"requestId":"$context.requestId","route":"$context.routeKey","event":"$context.eventType","status":"$context.status",` +
		`"error":"$context.error.message"}`
	stage.Node().DefaultChild().(awsapigatewayv2.CfnStage).SetAccessLogSettings(
		&awsapigatewayv2.CfnStage_AccessLogSettingsProperty{
			DestinationArn: logs.LogGroupArn(), Format: str(format),
		})
	stage.Node().AddDependency(s.logging())
	awscdk.NewCfnOutput(s.stack, str("SocketUrl"),
		&awscdk.CfnOutputProps{Value: s.address(), Description: str("Address of the WebSocket API")})
}

// logging is the account's setting that lets API Gateway write logs of WebSocket APIs; without it the stage cannot be
// made. The account has one such setting for all its APIs in a region, so role and setting stay when the stack goes.
func (s *socket) logging() awscdk.CfnResource {
	// What API Gateway tries before it takes a role (AmazonAPIGatewayPushToCloudWatchLogs).
	write := awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &[]awsiam.PolicyStatement{
		awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions: strs("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogGroups",
				"logs:DescribeLogStreams", "logs:PutLogEvents", "logs:GetLogEvents", "logs:FilterLogEvents"),
			Resources: strs("*"),
		}),
	}})
	role := awsiam.NewRole(s.stack, str("gateway-logs-role"), &awsiam.RoleProps{
		AssumedBy:   awsiam.NewServicePrincipal(str("apigateway.amazonaws.com"), nil),
		Description: str("Lets API Gateway write the access logs of WebSocket APIs"),
		// Part of the role, so that they stay together.
		InlinePolicies: &map[string]awsiam.PolicyDocument{"write": write},
	})
	setting := awsapigateway.NewCfnAccount(s.stack, str("GatewayAccount"), &awsapigateway.CfnAccountProps{
		CloudWatchRoleArn: role.RoleArn(),
	})
	role.ApplyRemovalPolicy(awscdk.RemovalPolicy_RETAIN)
	setting.ApplyRemovalPolicy(awscdk.RemovalPolicy_RETAIN, nil)
	return setting
}

// permit lets a function send frames to the connections of this API and no other.
func (s *socket) permit(fn awslambda.Function) {
	fn.AddToRolePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: strs("execute-api:ManageConnections"),
		Resources: &[]*string{s.stack.FormatArn(&awscdk.ArnComponents{
			Service: str("execute-api"), Resource: s.api.ApiId(), ResourceName: str(socketStage + "/POST/@connections/*"),
		})},
	}))
}

// chatFileDays is how long attachments are kept: as long as conversations (conversation.Retention).
const chatFileDays = 3 * 365

// newChatFiles makes the private bucket of attachments. Browsers put and get files by signed addresses only.
func newChatFiles(stack awscdk.Stack, c Config) awss3.Bucket {
	return awss3.NewBucket(stack, str("ChatFiles"), &awss3.BucketProps{
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(), Encryption: awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:      yes(true),
		ObjectOwnership: awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED, RemovalPolicy: c.removal(),
		LifecycleRules: &[]*awss3.LifecycleRule{{
			Expiration:                          awscdk.Duration_Days(num(chatFileDays)),
			AbortIncompleteMultipartUploadAfter: awscdk.Duration_Days(num(1)),
		}},
		Cors: &[]*awss3.CorsRule{{
			AllowedMethods: &[]awss3.HttpMethods{awss3.HttpMethods_PUT, awss3.HttpMethods_GET},
			AllowedOrigins: strs(c.pageOrigins()...), AllowedHeaders: strs("content-type"), MaxAge: num(3600),
		}},
	})
}

// signChatFiles lets a function sign addresses for attachments: a signed address can do what its signer may. Files are
// deleted with the conversation that they belong to.
func signChatFiles(fn awslambda.Function, bucket awss3.Bucket) {
	fn.AddToRolePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   strs("s3:GetObject", "s3:PutObject", "s3:DeleteObject"),
		Resources: &[]*string{str(*bucket.BucketArn() + "/chat/*")},
	}))
}
