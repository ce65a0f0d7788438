package stacks_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"

	"dangol/infra/stacks"
	"dangol/infra/topology"
)

func TestNagHasNothingToSay(t *testing.T) {
	for _, stack := range all(synth(t)) {
		annotations := assertions.Annotations_FromStack(stack)
		for _, m := range *annotations.FindError(jsii.String("*"),
			assertions.Match_StringLikeRegexp(jsii.String(`AwsSolutions-.*`))) {
			t.Errorf("%s: %v", *m.Id, m.Entry.Data)
		}
		for _, m := range *annotations.FindWarning(jsii.String("*"),
			assertions.Match_StringLikeRegexp(jsii.String(`AwsSolutions-.*`))) {
			t.Errorf("%s: %v", *m.Id, m.Entry.Data)
		}
	}
}

func TestTablesCannotBeLostInProd(t *testing.T) {
	tables := resources(t, synth(t).Data.Stack, "AWS::DynamoDB::GlobalTable")
	if len(tables) != len(topology.Dangol.Tables) {
		t.Fatalf("%d tables, want %d", len(tables), len(topology.Dangol.Tables))
	}
	for id, table := range tables {
		replica := table.Properties["Replicas"].([]any)[0].(map[string]any)
		recovery, _ := replica["PointInTimeRecoverySpecification"].(map[string]any)
		if recovery["PointInTimeRecoveryEnabled"] != true {
			t.Errorf("%s has no point-in-time recovery", id)
		}
		if replica["DeletionProtectionEnabled"] != true || table.DeletionPolicy != "Retain" {
			t.Errorf("%s can be deleted", id)
		}
		encryption, _ := table.Properties["SSESpecification"].(map[string]any)
		if encryption["SSEEnabled"] != true {
			t.Errorf("%s is not encrypted with a KMS key", id)
		}
		if ttl, _ := table.Properties["TimeToLiveSpecification"].(map[string]any); ttl["Enabled"] != true {
			t.Errorf("%s keeps what has expired", id)
		}
	}
}

func TestFunctionsAreSmallTracedAndLogged(t *testing.T) {
	s := synth(t)
	count := 0
	for _, stack := range []awscdk.Stack{s.Data.Stack, s.API.Stack, s.Async.Stack} {
		for id, fn := range resources(t, stack, "AWS::Lambda::Function") {
			count++
			p := fn.Properties
			if fmt.Sprint(p["Architectures"]) != "[arm64]" || p["Runtime"] != "provided.al2023" {
				t.Errorf("%s runs on %v %v", id, p["Architectures"], p["Runtime"])
			}
			if p["TracingConfig"].(map[string]any)["Mode"] != "Active" {
				t.Errorf("%s is not traced", id)
			}
			if p["LoggingConfig"].(map[string]any)["LogGroup"] == nil {
				t.Errorf("%s has no log group of its own", id)
			}
		}
		for id, group := range resources(t, stack, "AWS::Logs::LogGroup") {
			// The stage of the tests is prod.
			if kept := fmt.Sprint(group.Properties["RetentionInDays"]); kept != fmt.Sprint(stacks.Stages["prod"].LogDays) {
				t.Errorf("%s keeps logs for %s days", id, kept)
			}
		}
	}
	if count != len(topology.Dangol.Functions) {
		t.Errorf("%d functions, want %d", count, len(topology.Dangol.Functions))
	}
}

// A template that changes from one synthesis to the next would change permissions and alarms with each deployment.
func TestTheSameConfigurationGivesTheSameTemplates(t *testing.T) {
	again, err := synthesize(with(prod, "stage", "dev"), false)
	if err != nil {
		t.Fatal(err)
	}
	read := func(stack awscdk.Stack) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(*awscdk.Stage_Of(stack).Outdir(), *stack.TemplateFile()))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for i, stack := range all(must(t, ofDev)) {
		if read(stack) != read(all(again)[i]) {
			t.Errorf("%s is another one the second time", *stack.StackName())
		}
	}
}

// A list of SES's own would go on bouncing an address that an operator has lifted; complaints are never lifted.
func TestSESKeepsNoListOfAddressesThatBounced(t *testing.T) {
	sets := everywhere(t, synth(t), "AWS::SES::ConfigurationSet")
	for id, set := range sets {
		options, _ := set.Properties["SuppressionOptions"].(map[string]any)
		if fmt.Sprint(options["SuppressedReasons"]) != "[COMPLAINT]" {
			t.Errorf("%s: %v", id, options)
		}
	}
	if len(sets) != 1 {
		t.Errorf("%d configuration sets", len(sets))
	}
}

// TestTheMailerIsToldOfTheShopsOwnMails: the default bus is the account's. A bounce of another stage's mail would block
// a customer of this one.
func TestTheMailerIsToldOfTheShopsOwnMails(t *testing.T) {
	s := synth(t)
	var own string
	for id := range resources(t, s.Async.Stack, "AWS::SES::ConfigurationSet") {
		own = id
	}
	rules := 0
	for id, rule := range everywhere(t, s, "AWS::Events::Rule") {
		pattern := compact(rule.Properties["EventPattern"])
		if !strings.Contains(pattern, `"aws.ses"`) {
			continue
		}
		rules++
		if want := `"detail":{"mail":{"tags":{"ses:configuration-set":[{"Ref":"` + own + `"}]}}}`; !strings.Contains(pattern,
			want) {
			t.Errorf("%s is for mails of everybody: %s", id, pattern)
		}
	}
	if rules != 1 {
		t.Errorf("%d rules for what SES tells", rules)
	}
}

// TestEveryRouteIsDeployedWithItsGuard compares the template with the routes of the topology, which another test holds
// against those of the functions.
func TestEveryRouteIsDeployedWithItsGuard(t *testing.T) {
	deployed := map[string]resource{}
	for _, r := range resources(t, synth(t).API.Stack, "AWS::ApiGatewayV2::Route") {
		if strings.HasPrefix(fmt.Sprint(r.Properties["RouteKey"]), "$") {
			continue // of the WebSocket API, see the next test
		}
		deployed[fmt.Sprint(r.Properties["RouteKey"])] = r
	}
	for _, route := range topology.Dangol.GatewayRoutes() {
		r, ok := deployed[route.Key()]
		if !ok {
			t.Errorf("%s is not deployed", route.Key())
			continue
		}
		if guarded := r.Properties["AuthorizationType"] == "JWT"; guarded != route.Access.Authorized() {
			t.Errorf("%s: authorizer %v, access %s", route.Key(), guarded, route.Access)
		}
		var scopes []string
		for _, s := range oneOrMore(r.Properties["AuthorizationScopes"]) {
			if s != nil {
				scopes = append(scopes, fmt.Sprint(s))
			}
		}
		if !slices.Equal(scopes, route.Access.Scopes()) {
			t.Errorf("%s asks for the scopes %v, want one of %v", route.Key(), scopes, route.Access.Scopes())
		}
		delete(deployed, route.Key())
	}
	for key := range deployed {
		t.Errorf("%s is deployed and nobody's", key)
	}
}

func TestTheWebSocketAPILetsInByTicketAndMayBeSentToByItsFunctionAlone(t *testing.T) {
	stack := synth(t).API.Stack
	routes := map[string]map[string]any{}
	for _, r := range resources(t, stack, "AWS::ApiGatewayV2::Route") {
		routes[fmt.Sprint(r.Properties["RouteKey"])] = r.Properties
	}
	if routes["$connect"]["AuthorizationType"] != "CUSTOM" {
		t.Errorf("$connect: %v", routes["$connect"])
	}
	if routes["$disconnect"] == nil || routes["$default"] == nil ||
		routes["$default"]["RouteResponseSelectionExpression"] != "$default" {
		t.Errorf("routes %v", routes)
	}
	for _, a := range resources(t, stack, "AWS::ApiGatewayV2::Authorizer") {
		if a.Properties["AuthorizerType"] == "REQUEST" &&
			fmt.Sprint(a.Properties["IdentitySource"]) != "[route.request.querystring.ticket]" {
			t.Errorf("the authorizer reads %v", a.Properties["IdentitySource"])
		}
	}
	var allowed []string
	for id, p := range resources(t, stack, "AWS::IAM::Policy") {
		raw, err := json.Marshal(p.Properties)
		if err != nil {
			t.Fatal(err)
		}
		if text := string(raw); strings.Contains(text, "execute-api:ManageConnections") {
			allowed = append(allowed, id)
			if !strings.Contains(text, "/live/POST/@connections/*") || !strings.Contains(text, `{"Ref":"Socket`) {
				t.Errorf("%s may send to more than this API: %s", id, text)
			}
		}
	}
	slices.Sort(allowed)
	// A reply by mail is shown to whoever is connected, too.
	if len(allowed) != 2 || !strings.HasPrefix(allowed[0], "chatrole") ||
		!strings.HasPrefix(allowed[1], "mailreceiverrole") {
		t.Errorf("frames may be sent by %v", allowed)
	}
}

func TestWhatCanFailHasADeadLetterQueueAndAnAlarm(t *testing.T) {
	s := synth(t)
	for id, mapping := range resources(t, s.Async.Stack, "AWS::Lambda::EventSourceMapping") {
		if !slices.Contains(strings.Fields(fmt.Sprint(mapping.Properties["FunctionResponseTypes"])),
			"[ReportBatchItemFailures]") {
			t.Errorf("%s does not report partial failures", id)
		}
	}
	for id, rule := range resources(t, s.Async.Stack, "AWS::Events::Rule") {
		target := rule.Properties["Targets"].([]any)[0].(map[string]any)
		if target["DeadLetterConfig"] == nil {
			t.Errorf("%s has no dead-letter queue", id)
		}
	}
	alarms := resources(t, s.Watch, "AWS::CloudWatch::Alarm")
	for name := range s.Async.Dead {
		if !slices.ContainsFunc(slices.Collect(maps.Values(alarms)), func(r resource) bool {
			return strings.Contains(fmt.Sprint(r.Properties["AlarmDescription"]), "in "+name+":")
		}) {
			t.Errorf("nobody is told when something lands in %s", name)
		}
	}
}
