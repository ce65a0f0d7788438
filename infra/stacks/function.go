package stacks

import (
	"path/filepath"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"

	"dangol/infra/topology"
	"dangol/shared/platform/function"
)

// newFunction makes one function with a role of its own, which may do what the topology says and
// nothing else.
func newFunction(stack awscdk.Stack, c Config, f topology.Function, tables map[string]awsdynamodb.TableV2,
	env map[string]*string) awslambda.Function {
	// Log groups are made here, because those that Lambda makes are kept for ever.
	logs := awslogs.NewLogGroup(stack, str(f.Name+"-logs"), &awslogs.LogGroupProps{
		Retention: retention(c.Stage.LogDays), RemovalPolicy: c.removal(),
	})
	// A role without the managed policy: it would allow log groups of every name.
	role := awsiam.NewRole(stack, str(f.Name+"-role"), &awsiam.RoleProps{
		AssumedBy:   awsiam.NewServicePrincipal(str("lambda.amazonaws.com"), nil),
		Description: str("Dangol function " + f.Name),
	})
	logs.GrantWrite(role)
	for _, grant := range f.Tables {
		allow(role, tables[grant.Table], grant)
	}
	var name *string
	if f.Name == topology.Scheduled {
		name = str(scheduledName(c)) // known beforehand, because it makes schedules that invoke itself
	}
	env["STAGE"] = str(c.Stage.Name)
	return awslambda.NewFunction(stack, str(f.Name), &awslambda.FunctionProps{
		// Built before by make build: a plain executable on Amazon Linux, for the cheaper
		// processor.
		FunctionName: name, Description: str(f.Purpose), Runtime: awslambda.Runtime_PROVIDED_AL2023(),
		Architecture: awslambda.Architecture_ARM_64(),
		Handler:      str("bootstrap"), Code: awslambda.Code_FromAsset(str(filepath.Join(c.Dist, f.Name)), nil),
		MemorySize: num(f.Memory), Timeout: lasting(f.Timeout), Role: role, LogGroup: logs,
		ReservedConcurrentExecutions: reserved(c, f),
		LoggingFormat:                awslambda.LoggingFormat_JSON, Tracing: awslambda.Tracing_ACTIVE, Environment: &env,
	})
}

// reserved keeps instances for checkouts when the configuration says so: a shopper who pays must
// not wait for instances that a crawler uses up in the catalog.
func reserved(c Config, f topology.Function) *float64 {
	if f.Name != "checkouts" || c.CheckoutConcurrency == 0 {
		return nil
	}
	return num(c.CheckoutConcurrency)
}

// allow grants the named actions on the table and Query on the named indexes. The CDK's grants
// would allow more.
func allow(role awsiam.Role, t awsdynamodb.TableV2, grant function.Grant) {
	actions := make([]string, len(grant.Actions))
	for i, a := range grant.Actions {
		actions[i] = "dynamodb:" + a
	}
	if len(actions) > 0 {
		role.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions: strs(actions...), Resources: &[]*string{t.TableArn()},
		}))
	}
	var indexes []*string
	for _, index := range grant.Indexes {
		indexes = append(indexes, str(*t.TableArn()+"/index/"+index))
	}
	if len(indexes) > 0 {
		role.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions: strs("dynamodb:Query"), Resources: &indexes,
		}))
	}
}

// retentions are periods that CloudWatch offers, by days, shortest first.
var retentions = []struct {
	days float64
	is   awslogs.RetentionDays
}{
	{1, awslogs.RetentionDays_ONE_DAY}, {3, awslogs.RetentionDays_THREE_DAYS}, {5, awslogs.RetentionDays_FIVE_DAYS},
	{7, awslogs.RetentionDays_ONE_WEEK}, {14, awslogs.RetentionDays_TWO_WEEKS}, {30, awslogs.RetentionDays_ONE_MONTH},
	{60, awslogs.RetentionDays_TWO_MONTHS}, {90, awslogs.RetentionDays_THREE_MONTHS},
	{120, awslogs.RetentionDays_FOUR_MONTHS}, {150, awslogs.RetentionDays_FIVE_MONTHS},
	{180, awslogs.RetentionDays_SIX_MONTHS}, {365, awslogs.RetentionDays_ONE_YEAR},
}

// retention is the shortest period of CloudWatch that keeps logs for so many days; a year at the most.
func retention(days float64) awslogs.RetentionDays {
	for _, r := range retentions {
		if days <= r.days {
			return r.is
		}
	}
	return awslogs.RetentionDays_ONE_YEAR
}

// environment picks the variables that the function reads. One that no stack sets is a mistake in a
// Spec, so it stops the synthesis.
func environment(f topology.Function, known map[string]*string) map[string]*string {
	env := map[string]*string{}
	for _, name := range f.Environment {
		value, ok := known[name]
		if !ok {
			panic("function " + f.Name + " reads " + name + ", which no stack sets")
		}
		if value != nil {
			env[name] = value
		}
	}
	return env
}

// variables are the environment variables from the data stack and the configuration. nil ones have
// a default in the function, or belong to the sandbox provider, which exists on laptops only.
func variables(c Config, d *Data) map[string]*string {
	clients := make([]string, len(d.Clients))
	for i, id := range d.Clients {
		clients[i] = *id
	}
	v := map[string]*string{
		"JWT_ISSUER": str(d.Issuer), "JWT_CLIENTS": str(strings.Join(clients, ",")), "JWT_JWKS": nil,
		"PAYMENT_PROVIDER": str("stripe"), "PAYMENT_SECRETS": str(secretsPath(c)), "STRIPE_KEY": nil,
		"STRIPE_WEBHOOK_SECRET": nil,
		"SANDBOX_URL":           nil, "SANDBOX_KEY": nil, "SANDBOX_WEBHOOK_SECRET": nil,
		"SCHEDULER_GROUP": str(groupName(c)), "GUARD_CONFIG": optional(c.GuardConfig),
		"SHOP_CONFIG": optional(c.ShopConfig), "CATALOG_CACHE_TTL": optional(c.CacheTTL), "MAIL_FROM": str(c.MailFrom),
		"MAIL_REPLY_TO": str(c.ShopContact),
		"SHOP_NAME":     str(c.ShopName), "SHOP_URL": str(c.ShopURL), "LINK_BASE": str(c.LinkBase),
		"SHOP_CONTACT":    str(c.ShopContact),
		"SHOP_COLOR":      optional(c.ShopColor),
		"SHOP_LINKS":      optional(c.ShopLinks),
		"OUTREACH_CONFIG": optional(c.OutreachConfig),
		// inside a network, where nobody may reach when deployed
		"PUSH_HOSTS": optional(c.PushHosts), "WEBHOOK_HOSTS": nil,
		"MEDIA_BUCKET": d.Media.Bucket.BucketName(), "MEDIA_URL": d.Media.URL,
		"SHOP_IMPRINT": str(c.ShopImprint), "SHOP_TIMEZONE": str(c.TimeZone),
		"INBOUND_BUCKET": d.InboundMail.BucketName(), "CHAT_BUCKET": d.ChatFiles.BucketName(),
		"BEDROCK_MODEL":    optional(c.Model),
		"CONNECT_INSTANCE": optional(c.ConnectInstance), "CONNECT_FLOW": optional(c.ConnectFlow),
		"CONNECT_NUMBER": optional(c.ConnectNumber), "SMS_ORIGINATION": optional(c.SMSOrigination),
		"INBOUND_DOMAIN": optional(c.InboundDomain), "LOGIN_URL": d.LoginURL, "LOGIN_CLIENT": d.ConsoleClient,
		"LOGIN_STOREFRONT_CLIENT": d.StorefrontClient,
	}
	// COMMERCE_TABLE and so on, by the names of the tables.
	for name, t := range d.Tables {
		v[strings.ToUpper(name)+"_TABLE"] = t.TableName()
	}
	return v
}

// optional leaves out a variable that nobody configured: the function has a default for it.
func optional(value string) *string {
	if value == "" {
		return nil
	}
	return str(value)
}

// secretsPath is the SSM folder in which an operator keeps the payment provider's secrets as SecureStrings.
func secretsPath(c Config) string { return "/dangol/" + c.Stage.Name + "/payments" }
