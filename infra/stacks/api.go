package stacks

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2authorizers"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2integrations"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"

	"dangol/infra/topology"
	"dangol/shared/platform/function"
)

// API is the HTTP API and its functions.
type API struct {
	awscdk.Stack
	Functions map[string]awslambda.Function
	HTTP      awsapigatewayv2.HttpApi
	Socket    *socket
}

// newAPI makes the HTTP API with its stage, authorizer and functions. The default stage is made by
// hand, because only then it can have throttling and an access log.
func newAPI(app awscdk.App, props *awscdk.StackProps, c Config, s topology.System, d *Data, async *Async) *API {
	a := &API{Stack: awscdk.NewStack(app, props.StackName, props), Functions: map[string]awslambda.Function{}}
	a.HTTP = awsapigatewayv2.NewHttpApi(a.Stack, str("Http"), &awsapigatewayv2.HttpApiProps{
		ApiName: str("dangol-" + c.Stage.Name), CreateDefaultStage: yes(false), CorsPreflight: cors(c),
	})
	stage := a.stage(c)
	authorizer := awsapigatewayv2authorizers.NewHttpJwtAuthorizer(str("Jwt"), str(d.Issuer),
		&awsapigatewayv2authorizers.HttpJwtAuthorizerProps{JwtAudience: &d.Clients})
	known := async.variables(s, d)
	a.Socket = newSocket(a.Stack, c)
	known["SOCKET_URL"] = a.Socket.address()
	integrations := map[string]awsapigatewayv2.HttpRouteIntegration{}
	for _, f := range s.Functions {
		if !besideAPI(f) {
			continue // it is in the async stack
		}
		fn := newFunction(a.Stack, c, f, d.Tables, environment(f, known))
		a.Functions[f.Name] = fn
		async.connect(a.Stack, f, fn, d)
		for _, p := range f.Permissions {
			switch p {
			case function.PostToSockets:
				a.Socket.permit(fn)
			case function.SignChatFiles:
				signChatFiles(fn, d.ChatFiles)
			case function.UseModel:
				useModel(a.Stack, c, fn)
			case function.SendText:
				sendText(a.Stack, c, fn)
			case function.ReceiveMail:
				receiveMail(fn, d.InboundMail, d.ChatFiles)
			case function.DialOut:
				dialOut(a.Stack, c, fn)
			}
		}
		if f.Socket {
			a.Socket.serve(c, fn)
		}
		if f.API != nil {
			integrations[f.Name] = integration(f, fn)
		}
	}
	// Deployed once with all its routes, and not once more with each.
	for _, last := range a.routes(s, integrations, authorizer) {
		stage.AddResourceDependency(last, nil)
	}
	awscdk.NewCfnOutput(a.Stack, str("Url"),
		&awscdk.CfnOutputProps{Value: a.HTTP.ApiEndpoint(), Description: str("Address of the API")})
	return a
}

// besideAPI reports whether a function belongs into this stack: one with routes, or one that sends frames to the
// connections of the WebSocket API, which is here.
func besideAPI(f topology.Function) bool {
	return f.API != nil || slices.Contains(f.Permissions, function.PostToSockets)
}

// cors allows the shop's own origins only.
func cors(c Config) *awsapigatewayv2.CorsPreflightOptions {
	var methods []awsapigatewayv2.CorsHttpMethod
	for _, m := range topology.CORSMethods {
		methods = append(methods, awsapigatewayv2.CorsHttpMethod(m))
	}
	return &awsapigatewayv2.CorsPreflightOptions{
		AllowOrigins: strs(c.Origins...), AllowMethods: &methods,
		AllowHeaders: strs(topology.CORSRequestHeaders...), ExposeHeaders: strs(topology.CORSExposedHeaders...),
		MaxAge: awscdk.Duration_Hours(num(1)),
	}
}

// stage makes the only stage, $default, whose addresses have no prefix.
func (a *API) stage(c Config) awsapigatewayv2.CfnStage {
	logs := awslogs.NewLogGroup(a.Stack, str("AccessLogs"), &awslogs.LogGroupProps{
		Retention: retention(c.Stage.LogDays), RemovalPolicy: c.removal(),
	})
	stage := awsapigatewayv2.NewHttpStage(a.Stack, str("Stage"), &awsapigatewayv2.HttpStageProps{
		HttpApi: a.HTTP, StageName: str("$default"), AutoDeploy: yes(true), DetailedMetricsEnabled: yes(c.DetailedMetrics),
		Throttle: &awsapigatewayv2.ThrottleSettings{
			RateLimit: num(topology.RequestsPerSecond), BurstLimit: num(topology.RequestBurst),
		},
	})
	// No address and no user agent: an access log is not a place for personal data.
	format := `{"requestId":"$context.requestId","route":"$context.routeKey","status":"$context.status",` +
		`"latency":"$context.responseLatency","integration":"$context.integrationLatency","error":"$context.error.message"}`
	// The construct has no property for access logs of an HTTP API, so the CloudFormation resource
	// is set.
	resource := stage.Node().DefaultChild().(awsapigatewayv2.CfnStage)
	resource.SetAccessLogSettings(&awsapigatewayv2.CfnStage_AccessLogSettingsProperty{
		DestinationArn: logs.LogGroupArn(), Format: str(format),
	})
	return resource
}

// integration invokes the function for its routes.
func integration(f topology.Function, fn awslambda.Function) awsapigatewayv2.HttpRouteIntegration {
	return awsapigatewayv2integrations.NewHttpLambdaIntegration(str(f.Name), fn,
		&awsapigatewayv2integrations.HttpLambdaIntegrationProps{
			PayloadFormatVersion: awsapigatewayv2.PayloadFormatVersion_VERSION_2_0(),
			// One permission for the function instead of one a route: a policy holds 20 KB.
			ScopePermissionToRoute: yes(false),
		})
}

// routesAtOnce is how many routes CloudFormation makes or deletes at a time. API Gateway takes 10 calls a second of an
// account to change or read its APIs, and 40 at once: CloudFormation would send one for each of 270 routes, and gives
// the stack up ("Too Many Requests", "concurrent modification") when repeating them does not help.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
const routesAtOnce = 8

// routes adds the routes of all functions, each waiting for an earlier one, and returns those that none waits for. API
// Gateway checks the token where nobody may call without one; the function itself checks all callers once more.
func (a *API) routes(s topology.System, integrations map[string]awsapigatewayv2.HttpRouteIntegration,
	jwt awsapigatewayv2.IHttpRouteAuthorizer) []awsapigatewayv2.CfnRoute {
	var made []awsapigatewayv2.CfnRoute
	for i, r := range s.GatewayRoutes() {
		options := &awsapigatewayv2.AddRoutesOptions{
			Path: str(r.Path), Methods: &[]awsapigatewayv2.HttpMethod{awsapigatewayv2.HttpMethod(r.Method)},
			Integration: integrations[r.Function],
		}
		if r.Access.Authorized() {
			options.Authorizer, options.AuthorizationScopes = jwt, strs(r.Access.Scopes()...)
		}
		for _, added := range *a.HTTP.AddRoutes(options) {
			made = append(made, added.Node().DefaultChild().(awsapigatewayv2.CfnRoute))
		}
		if i >= routesAtOnce {
			made[i].AddResourceDependency(made[i-routesAtOnce], nil)
		}
	}
	return made[max(0, len(made)-routesAtOnce):]
}
