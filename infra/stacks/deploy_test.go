package stacks_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"dangol/infra/topology"
	"dangol/shared/payment/stripe"
)

// TestResourcePoliciesLetTheirUsersIn names, for every resource with a policy of its own, who must be able to use it. A
// policy that only denies is worse than none: with it the alarms reach nobody.
func TestResourcePoliciesLetTheirUsersIn(t *testing.T) {
	s := synth(t)
	topics := resources(t, s.Watch, "AWS::SNS::TopicPolicy")
	if len(topics) != 1 {
		t.Errorf("%d topic policies, want that of the alarms", len(topics))
	}
	for id, policy := range topics {
		if !allows(policy, "sns:Publish", "cloudwatch.amazonaws.com") {
			t.Errorf("%s: CloudWatch cannot publish: %s", id, compact(policy.Properties))
		}
	}
	buckets := map[string]resource{}
	for _, stack := range []awscdk.Stack{s.Data.Stack, s.API.Stack, s.Async.Stack, s.Watch} {
		maps.Copy(buckets, resources(t, stack, "AWS::S3::BucketPolicy"))
		if keys := resources(t, stack, "AWS::KMS::Key"); len(keys) > 0 {
			t.Errorf("a key has a policy that nobody checks: %v", keys)
		}
	}
	if len(buckets) != 3 {
		t.Errorf("%d bucket policies, want those of photos and videos, of files of conversations and of inbound mails",
			len(buckets))
	}
	for id, policy := range buckets {
		// Files of conversations are read by signed addresses alone, with the function's own permission.
		if shown := strings.HasPrefix(id, "Media"); shown != allows(policy, "s3:GetObject", "cloudfront.amazonaws.com") {
			t.Errorf("%s: CloudFront cannot show what is in it: %s", id, compact(policy.Properties))
		}
	}
	for _, stack := range []awscdk.Stack{s.API.Stack, s.Async.Stack} {
		queues := resources(t, stack, "AWS::SQS::QueuePolicy")
		for id, rule := range resources(t, stack, "AWS::Events::Rule") {
			dead := target(rule, "DeadLetterConfig")
			if dead == "" {
				t.Errorf("%s has no dead-letter queue", id)
			}
			if !slices.ContainsFunc(values(queues), func(q resource) bool {
				return strings.Contains(compact(q.Properties["Queues"]), dead) &&
					allows(q, "sqs:SendMessage", "events.amazonaws.com")
			}) {
				t.Errorf("%s: EventBridge cannot send to %s", id, dead)
			}
		}
		for id, p := range resources(t, stack, "AWS::Lambda::Permission") {
			if p.Properties["Principal"] == nil || p.Properties["SourceArn"] == nil {
				t.Errorf("%s lets anybody of a service invoke: %s", id, compact(p.Properties))
			}
		}
		for id, role := range resources(t, stack, "AWS::IAM::Role") {
			trust := compact(role.Properties["AssumeRolePolicyDocument"])
			if strings.Contains(trust, "scheduler.amazonaws.com") && !strings.Contains(trust, "aws:SourceAccount") {
				t.Errorf("%s: a schedule of another account may use it", id)
			}
		}
	}
}

// allows reports whether a statement of the policy allows the service the action.
func allows(policy resource, action, service string) bool {
	document, _ := policy.Properties["PolicyDocument"].(map[string]any)
	statements, _ := document["Statement"].([]any)
	return slices.ContainsFunc(statements, func(s any) bool {
		statement := s.(map[string]any)
		return statement["Effect"] == "Allow" && strings.Contains(compact(statement["Action"]), action) &&
			strings.Contains(compact(statement["Principal"]), service)
	})
}

// target is the logical id in a field of the rule's first target.
func target(rule resource, field string) string {
	first := rule.Properties["Targets"].([]any)[0].(map[string]any)
	id := regexp.MustCompile(`"Fn::GetAtt":\["(\w+)"`).FindStringSubmatch(compact(first[field]))
	if id == nil {
		return ""
	}
	return id[1]
}

func values(m map[string]resource) (all []resource) {
	for _, r := range m {
		all = append(all, r)
	}
	return all
}

func compact(v any) string {
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(text.String(), "\n")
}

func TestNoDataIsAnAlarmOnlyForWhatMustRun(t *testing.T) {
	alarms := resources(t, synth(t).Watch, "AWS::CloudWatch::Alarm")
	var silent []string
	for _, a := range alarms {
		if a.Properties["TreatMissingData"] == "breaching" {
			silent = append(silent, fmt.Sprint(a.Properties["AlarmDescription"]))
		}
		if len(a.Properties["AlarmActions"].([]any)) == 0 {
			t.Errorf("nobody hears of %v", a.Properties["AlarmDescription"])
		}
	}
	for _, f := range topology.Dangol.Functions {
		if found := slices.Contains(silent,
			"Function "+f.Name+" has not run: what is due is not done"); found != (f.Schedule != nil) {
			t.Errorf("%s: alarm on silence %v, schedule %v", f.Name, found, f.Schedule)
		}
	}
	for _, want := range []string{"more than 15 minutes", "ReadThrottleEvents", "WriteThrottleEvents",
		"TransactionConflict", "Events do not reach"} {
		if !slices.ContainsFunc(values(alarms), func(a resource) bool {
			return strings.Contains(fmt.Sprint(a.Properties["AlarmDescription"]), want)
		}) {
			t.Errorf("no alarm says %q", want)
		}
	}
}

// A table's metrics leave out those of its indexes: "due" could be throttled for hours without an alarm.
func TestThrottledIndexesAreAnAlarm(t *testing.T) {
	watched := map[string]bool{}
	for _, a := range resources(t, synth(t).Watch, "AWS::CloudWatch::Alarm") {
		what := fmt.Sprint(a.Properties["AlarmDescription"])
		for _, d := range oneOrMore(a.Properties["Dimensions"]) {
			if dimension, _ := d.(map[string]any); dimension["Name"] == "GlobalSecondaryIndexName" {
				table, _, _ := strings.Cut(strings.TrimPrefix(what, "Table "), " ")
				watched[fmt.Sprintf("%s %s %s", table, dimension["Value"], a.Properties["MetricName"])] = true
			}
		}
	}
	for _, table := range topology.Dangol.Tables {
		for _, index := range table.Indexes {
			for _, metric := range []string{"ReadThrottleEvents", "WriteThrottleEvents"} {
				if !watched[table.Name+" "+index.Name+" "+metric] {
					t.Errorf("nobody is told of %s of the index %s of %s", metric, index.Name, table.Name)
				}
			}
		}
	}
}

// CloudFormation's reference to a rule of a bus of one's own is "bus|rule", of which CloudWatch has no metric: an alarm
// on it would be mute. So each rule has a name of its own, and its alarm has the same one.
func TestEventsThatCannotBeDeliveredAreAnAlarm(t *testing.T) {
	s := synth(t)
	watched := map[string]string{} // by rule: its bus
	for id, a := range resources(t, s.Watch, "AWS::CloudWatch::Alarm") {
		if a.Properties["MetricName"] != "FailedInvocations" {
			continue
		}
		var rule, bus string
		for _, d := range oneOrMore(a.Properties["Dimensions"]) {
			switch dimension := d.(map[string]any); dimension["Name"] {
			case "RuleName":
				rule, _ = dimension["Value"].(string)
			case "EventBusName":
				bus = compact(dimension["Value"])
			}
		}
		if rule == "" {
			t.Errorf("%s has no name of a rule: %s", id, compact(a.Properties["Dimensions"]))
		}
		watched[rule] = bus
	}
	rules := 0
	for _, stack := range all(s) {
		for id, r := range resources(t, stack, "AWS::Events::Rule") {
			rules++
			name, _ := r.Properties["Name"].(string)
			bus, found := watched[name]
			if own := r.Properties["EventBusName"] != nil; !found || own != (bus != "") {
				t.Errorf("%s: alarm %v on bus %q, rule on %v", id, found, bus, r.Properties["EventBusName"])
			}
			if len(name) > 64 {
				t.Errorf("%s: EventBridge takes 64 characters", name)
			}
		}
	}
	if rules == 0 || rules != len(watched) {
		t.Errorf("%d rules, %d alarms", rules, len(watched))
	}
}

// A metric that a function writes carries its stage: two stages in one account are two metrics.
func TestMetricsOfOwnAlarmsCarryTheStage(t *testing.T) {
	s := synth(t)
	for id, a := range resources(t, s.Watch, "AWS::CloudWatch::Alarm") {
		dimensions := compact(a.Properties["Dimensions"])
		if a.Properties["Namespace"] == "Dangol" && !strings.Contains(dimensions, `"Name":"stage"`) {
			t.Errorf("%s watches every stage: %s", id, dimensions)
		}
	}
	for _, stack := range []awscdk.Stack{s.API.Stack, s.Async.Stack} {
		for id, fn := range resources(t, stack, "AWS::Lambda::Function") {
			if env := compact(fn.Properties["Environment"]); !strings.Contains(env, `"STAGE":"prod"`) {
				t.Errorf("%s does not know its stage", id)
			}
		}
	}
}

func TestNoMetricOfEveryRouteIsPaidFor(t *testing.T) {
	for id, stage := range resources(t, synth(t).API.Stack, "AWS::ApiGatewayV2::Stage") {
		if settings := compact(stage.Properties["DefaultRouteSettings"]); strings.Contains(settings,
			`"DetailedMetricsEnabled":true`) {
			t.Errorf("%s: %s", id, settings)
		}
	}
}

func TestTheLoginPageReturnsAfterLogout(t *testing.T) {
	clients := resources(t, synth(t).Data.Stack, "AWS::Cognito::UserPoolClient")
	for id, c := range clients {
		if c.Properties["LogoutURLs"] == nil {
			t.Errorf("%s has no log-out address", id)
		}
		if totp := strings.Contains(compact(c.Properties["AllowedOAuthScopes"]),
			"aws.cognito.signin.user.admin"); totp != strings.Contains(id, "Console") {
			t.Errorf("%s may set up a one-time password: %v", id, totp)
		}
	}
	if len(clients) != 2 {
		t.Errorf("%d clients", len(clients))
	}
}

// TestThePagesLogInAsTheDeploymentSays holds what the function pages is told of the log-in against the pool: the
// address of the log-in page, a client for shoppers and one for operators, and that each may return to its pages.
func TestThePagesLogInAsTheDeploymentSays(t *testing.T) {
	s := synth(t)
	var environment string
	for id, fn := range resources(t, s.API.Stack, "AWS::Lambda::Function") {
		if strings.HasPrefix(id, "pages") {
			environment = compact(fn.Properties["Environment"])
		}
	}
	for _, name := range []string{"LOGIN_URL", "LOGIN_CLIENT", "LOGIN_STOREFRONT_CLIENT"} {
		// A value of another stack is a reference; an empty one would be a text.
		if !strings.Contains(environment, `"`+name+`":{`) {
			t.Errorf("pages has no %s: %s", name, environment)
		}
	}
	shopper, operator := regexp.MustCompile(`"LOGIN_STOREFRONT_CLIENT":\{[^}]*Storefront`),
		regexp.MustCompile(`"LOGIN_CLIENT":\{[^}]*Console`)
	if !shopper.MatchString(environment) || !operator.MatchString(environment) {
		t.Errorf("shoppers and operators log in as the wrong clients: %s", environment)
	}
	for id, c := range resources(t, s.Data.Stack, "AWS::Cognito::UserPoolClient") {
		returns, scopes := compact(c.Properties["CallbackURLs"]), compact(c.Properties["AllowedOAuthScopes"])
		leaves := compact(c.Properties["LogoutURLs"])
		page, scope := "/console/pay/index.html", "/customer"
		if strings.Contains(id, "Console") {
			page, scope = "/console/chat/index.html", "/agent"
		}
		if address := `"https://shop.example.com` + page + `"`; !strings.Contains(leaves, address) {
			t.Errorf("%s: a log-out returns to %s only", id, leaves)
		}
		if !strings.Contains(returns, `"https://shop.example.com`+page+`"`) || !strings.Contains(scopes, scope) ||
			compact(c.Properties["AllowedOAuthFlows"]) != `["code"]` {
			t.Errorf("%s: returns to %s with %s, by %v", id, returns, scopes, c.Properties["AllowedOAuthFlows"])
		}
		// A client with a secret could not be used by a page (PKCE stands for it).
		if c.Properties["GenerateSecret"] == true {
			t.Errorf("%s has a secret", id)
		}
	}
}

// TestOnlyOperatorsLogInToTheImporter holds the address that the importer listens at against the clients.
func TestOnlyOperatorsLogInToTheImporter(t *testing.T) {
	source, err := os.ReadFile("../../functions/products/importer/login.go")
	if err != nil {
		t.Fatal(err)
	}
	const address = `"http://localhost:8976/callback"`
	if !strings.Contains(string(source), address) {
		t.Errorf("the importer returns elsewhere than to %s", address)
	}
	// One scope that the client does not have, and Cognito refuses the whole log-in.
	asked := regexp.MustCompile(`"(openid|email|aws\.cognito\.[\w.]+|shop/\w+)"`).FindAllStringSubmatch(string(source), -1)
	for _, scope := range asked {
		if !slices.Contains(strings.Fields(consoleScopes), scope[1]) {
			t.Errorf("the importer asks for %s, which the client does not have", scope[1])
		}
	}
	if len(asked) < 6 {
		t.Errorf("it asks for %v", asked)
	}
	for id, c := range resources(t, synth(t).Data.Stack, "AWS::Cognito::UserPoolClient") {
		if allowed := strings.Contains(compact(c.Properties["CallbackURLs"]), address); allowed != strings.Contains(id,
			"Console") {
			t.Errorf("%s: %v", id, c.Properties["CallbackURLs"])
		}
	}
}

// TestTheDeployGuideSaysWhatIsDeployed holds the figures and lists of docs/deploy.md against the templates and the
// code.
func TestTheDeployGuideSaysWhatIsDeployed(t *testing.T) {
	text := strings.Join(strings.Fields(guide(t)), " ")
	s := synth(t)
	total := 0
	for _, stack := range all(s) {
		total += len(resources(t, stack, ""))
	}
	alarms := len(resources(t, s.Watch, "AWS::CloudWatch::Alarm"))
	for what, actual := range map[string]int{"resources": total, "alarms": alarms} {
		said := regexp.MustCompile(`about (\d+) ` + what).FindStringSubmatch(text)
		if said == nil {
			t.Errorf("docs/deploy.md does not say about how many %s there are (%d)", what, actual)
			continue
		}
		n, err := strconv.Atoi(said[1])
		if err != nil || n < actual*4/5 || n > actual*5/4 {
			t.Errorf("docs/deploy.md says about %s %s, there are %d", said[1], what, actual)
		}
	}
	for _, event := range stripe.WebhookEvents() {
		if !strings.Contains(text, "`"+event+"`") {
			t.Errorf("docs/deploy.md does not name the webhook event %s", event)
		}
	}
}

// statements are those of a policy document.
func statements(document any) (all []map[string]any) {
	for _, s := range oneOrMore(document.(map[string]any)["Statement"]) {
		all = append(all, s.(map[string]any))
	}
	return all
}
