package stacks_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"dangol/infra/topology"
)

// The limits of AWS that no linter looks at, each with its source. A template that passes them synthesizes and lints
// like any other and fails in the middle of the first deployment.

func TestTemplatesAreSmallEnough(t *testing.T) {
	s := synth(t)
	for _, stack := range all(s) {
		read := templateOf(t, stack)
		if n := len(read.Resources); n > 500 { // CloudFormation, Quotas
			t.Errorf("%s has %d resources, CloudFormation takes 500", *stack.StackName(), n)
		}
		if n := len(read.Outputs); n > 200 {
			t.Errorf("%s has %d outputs, CloudFormation takes 200", *stack.StackName(), n)
		}
		if n := len(compact(read)); n > 1<<20 {
			t.Errorf("the template of %s has %d bytes, CloudFormation takes 1 MB", *stack.StackName(), n)
		}
	}
}

// API reference of PutMetricAlarm: all periods together are at most a day, or a week when one is an hour or longer.
func TestAlarmsLookBackAsFarAsCloudWatchDoes(t *testing.T) {
	for id, a := range everywhere(t, synth(t), "AWS::CloudWatch::Alarm") {
		period, _ := a.Properties["Period"].(float64)
		periods, _ := a.Properties["EvaluationPeriods"].(float64)
		most := 86_400.0
		if period >= 3600 {
			most = 604_800
		}
		if period < 60 || int(period)%60 != 0 || period*periods > most {
			t.Errorf("%s: %v periods of %v seconds, at most %v in all", id, periods, period, most)
		}
		if text := fmt.Sprint(a.Properties["AlarmDescription"]); len(text) > 1024 {
			t.Errorf("%s: the description has %d characters", id, len(text))
		}
	}
}

// Logs of a WebSocket API need a role in the account's settings ("CloudWatch Logs role ARN must be set in account
// settings to enable logging"); those of an HTTP API do not.
func TestTheLogsOfTheWebSocketAPIAreAllowed(t *testing.T) {
	stack := synth(t).API.Stack
	settings := resources(t, stack, "AWS::ApiGateway::Account")
	if len(settings) != 1 {
		t.Fatalf("%d account settings", len(settings))
	}
	for id, setting := range settings {
		role := resources(t, stack, "AWS::IAM::Role")[attribute(setting.Properties["CloudWatchRoleArn"])]
		if trust := compact(role.Properties["AssumeRolePolicyDocument"]); !strings.Contains(trust,
			`"Service":"apigateway.amazonaws.com"`) {
			t.Errorf("API Gateway may not take the role: %s", trust)
		}
		if policies := compact(role.Properties["Policies"]); !strings.Contains(policies, "logs:PutLogEvents") {
			t.Errorf("the role may not write: %s", policies)
		}
		// Another stage, or another API of the account, goes on writing when this one is deleted.
		if setting.DeletionPolicy != "Retain" || role.DeletionPolicy != "Retain" {
			t.Errorf("the setting goes with the stack: %s, %s", setting.DeletionPolicy, role.DeletionPolicy)
		}
		for stageID, stage := range resources(t, stack, "AWS::ApiGatewayV2::Stage") {
			if stage.Properties["StageName"] != "$default" && !strings.Contains(compact(stage.DependsOn), id) {
				t.Errorf("%s does not wait for the setting: %v", stageID, stage.DependsOn)
			}
		}
	}
}

var gatewayPath = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+|/\{[A-Za-z0-9._-]+\+?\})+$`)

// Developer Guide, Quotas for HTTP APIs.
func TestTheAPIIsWithinTheQuotasOfAnHTTPAPI(t *testing.T) {
	routes, integrations := 0, len(resources(t, synth(t).API.Stack, "AWS::ApiGatewayV2::Integration"))
	for _, r := range resources(t, synth(t).API.Stack, "AWS::ApiGatewayV2::Route") {
		key := fmt.Sprint(r.Properties["RouteKey"])
		if strings.HasPrefix(key, "$") {
			continue
		}
		routes++
		if _, path, _ := strings.Cut(key, " "); !gatewayPath.MatchString(path) {
			t.Errorf("%s is no path of API Gateway", key)
		}
		if scopes := oneOrMore(r.Properties["AuthorizationScopes"]); len(scopes) > 10 {
			t.Errorf("%s: %d scopes", key, len(scopes))
		}
	}
	if routes > topology.MaxRoutes || integrations > 300 {
		t.Errorf("%d routes, %d integrations", routes, integrations)
	}
	for id, stage := range resources(t, synth(t).API.Stack, "AWS::ApiGatewayV2::Stage") {
		if log := compact(stage.Properties["AccessLogSettings"]); len(log) > 3<<10 {
			t.Errorf("%s: the format of the log has %d bytes", id, len(log))
		}
	}
}

// CloudWatch takes 3 changes of alarms a second, and CloudFormation makes at once whatever waits for nothing.
func TestAlarmsAreMadeAFewAtATime(t *testing.T) {
	alarms := resources(t, synth(t).Watch, "AWS::CloudWatch::Alarm")
	first, followers := 0, map[string]int{}
	for _, a := range alarms {
		if a.DependsOn == nil {
			first++
			continue
		}
		for _, id := range oneOrMore(a.DependsOn) {
			followers[fmt.Sprint(id)]++
		}
	}
	if first != 3 || len(followers) != len(alarms)-first {
		t.Errorf("%d of %d alarms are made at once, and others wait for %d", first, len(alarms), len(followers))
	}
	for id, n := range followers {
		if _, ok := alarms[id]; !ok || n > 1 {
			t.Errorf("%d alarms wait for %s", n, id)
		}
	}
}

// The name of an access control is taken in the whole account, and one stage may run in two regions.
func TestNamesThatAnAccountHasOnceCarryTheRegion(t *testing.T) {
	found := 0
	for _, stack := range all(synth(t)) {
		for id, a := range resources(t, stack, "AWS::CloudFront::OriginAccessControl") {
			found++
			config, _ := a.Properties["OriginAccessControlConfig"].(map[string]any)
			if name := compact(config["Name"]); !strings.Contains(name, "AWS::Region") {
				t.Errorf("%s is called %s", id, name)
			}
		}
	}
	if found == 0 {
		t.Error("there is no access control")
	}
}

// A queue that fills up must not take all instances that the account has: shoppers need them, and SES takes mails at
// its rate only. A message that fails comes back alone.
func TestNoQueueTakesAllInstances(t *testing.T) {
	s := synth(t)
	ids := queueIDs(t, s)
	want := map[string]float64{} // by the logical id of the queue
	for _, f := range topology.Dangol.Functions {
		if len(f.Jobs) > 0 {
			want[ids[f.Name]] = float64(f.Queue.WithDefaults().Concurrency)
		}
	}
	fed := 0
	for id, m := range everywhere(t, s, "AWS::Lambda::EventSourceMapping") {
		var most float64
		for queue, n := range want {
			// Of another stack it is the name of an export, which has the logical id in it.
			if strings.Contains(compact(m.Properties["EventSourceArn"]), queue) {
				most = n
			}
		}
		if most == 0 {
			continue // of a stream
		}
		fed++
		scaling, _ := m.Properties["ScalingConfig"].(map[string]any)
		if scaling["MaximumConcurrency"] != most || most < 2 || most > 10 {
			t.Errorf("%s: at most %v instances, want %v, from 2 that Lambda asks for to 10", id, scaling, most)
		}
		if compact(m.Properties["FunctionResponseTypes"]) != `["ReportBatchItemFailures"]` {
			t.Errorf("%s: one failure brings the whole batch back", id)
		}
	}
	if fed != len(want) || fed == 0 {
		t.Errorf("%d of %d queues are read", fed, len(want))
	}
}

// API Gateway takes 10 calls a second, 40 at once, and CloudFormation makes at once whatever waits for nothing.
func TestRoutesAreMadeAFewAtATime(t *testing.T) {
	stack := synth(t).API.Stack
	waits := map[string]string{} // route: the one it waits for
	followers := map[string]int{}
	first := 0
	for id, r := range resources(t, stack, "AWS::ApiGatewayV2::Route") {
		if strings.HasPrefix(fmt.Sprint(r.Properties["RouteKey"]), "$") {
			continue
		}
		waits[id] = ""
		for _, other := range oneOrMore(r.DependsOn) {
			if before, _ := other.(string); strings.HasPrefix(before, "Http") {
				waits[id] = before
				followers[before]++
			}
		}
		if waits[id] == "" {
			first++
		}
	}
	if first == 0 || first > 10 {
		t.Errorf("%d of %d routes are made at once", first, len(waits))
	}
	for id, n := range followers {
		if _, ok := waits[id]; !ok || n > 1 {
			t.Errorf("%d routes wait for %s", n, id)
		}
	}
	// The stage is deployed with each change of a route, so it is made after the last ones.
	for _, stage := range resources(t, stack, "AWS::ApiGatewayV2::Stage") {
		if stage.Properties["StageName"] != "$default" {
			continue
		}
		for id := range waits {
			if followers[id] == 0 && !strings.Contains(compact(stage.DependsOn), id) {
				t.Errorf("the stage does not wait for %s", id)
			}
		}
	}
}

// API references of Lambda, EventBridge, EventBridge Scheduler, IAM and SQS.
func TestTextsAndTimesAreWithinTheirLimits(t *testing.T) {
	s := synth(t)
	length := func(kind, property string, most int) {
		for id, r := range everywhere(t, s, kind) {
			if text, _ := r.Properties[property].(string); len(text) > most {
				t.Errorf("%s: %s has %d characters, at most %d", id, property, len(text), most)
			}
		}
	}
	length("AWS::Lambda::Function", "Description", 256)
	length("AWS::Lambda::Function", "FunctionName", 64)
	length("AWS::Events::Rule", "Description", 512)
	length("AWS::Scheduler::Schedule", "Description", 512)
	length("AWS::IAM::Role", "Description", 1000)
	length("AWS::SQS::Queue", "QueueName", 80)
	for id, rule := range everywhere(t, s, "AWS::Events::Rule") {
		if n := len(compact(rule.Properties["EventPattern"])); n > 2048 {
			t.Errorf("%s: the pattern has %d characters, EventBridge takes 2,048", id, n)
		}
	}
	for id, role := range everywhere(t, s, "AWS::IAM::Role") {
		// IAM takes Latin characters only.
		for _, r := range fmt.Sprint(role.Properties["Description"]) {
			if r > 0xff {
				t.Errorf("%s: %q in the description", id, r)
			}
		}
	}
	for _, f := range topology.Dangol.Functions {
		if f.API != nil && f.Timeout.Seconds() > 30 {
			t.Errorf("%s takes %s, API Gateway waits 30 s", f.Name, f.Timeout)
		}
	}
	for id, q := range everywhere(t, s, "AWS::SQS::Queue") {
		if hidden, _ := q.Properties["VisibilityTimeout"].(float64); hidden > 12*60*60 {
			t.Errorf("%s hides messages for %v seconds", id, hidden)
		}
		if kept, _ := q.Properties["MessageRetentionPeriod"].(float64); kept > 14*24*60*60 {
			t.Errorf("%s keeps messages for %v seconds", id, kept)
		}
	}
}

// Lambda, Quotas: the policy of a function has 20 KB, all of a role's own policies together 10,240 characters.
func TestPoliciesAreWithinTheirLimits(t *testing.T) {
	s := synth(t)
	perFunction, perRole := map[string]int{}, map[string]int{}
	for _, p := range everywhere(t, s, "AWS::Lambda::Permission") {
		perFunction[compact(p.Properties["FunctionName"])] += 400 // a statement with its addresses filled in
	}
	for _, p := range everywhere(t, s, "AWS::IAM::Policy") {
		for _, role := range p.Properties["Roles"].([]any) {
			perRole[compact(role)] += len(compact(p.Properties["PolicyDocument"]))
		}
	}
	for function, n := range perFunction {
		if n > 20<<10 {
			t.Errorf("the policy of %s has %d bytes", function, n)
		}
	}
	for role, n := range perRole {
		if n > 10_240 {
			t.Errorf("the policies of %s have %d characters", role, n)
		}
	}
}

var attributeOf = regexp.MustCompile(`"(?:Fn::GetAtt":\["|Ref":")(\w+)"`)

// attribute is the logical id of the resource that a value refers to.
func attribute(value any) string {
	if id := attributeOf.FindStringSubmatch(compact(value)); id != nil {
		return id[1]
	}
	return ""
}
