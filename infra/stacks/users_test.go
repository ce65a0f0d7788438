package stacks_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dangol/infra/stacks"
	"dangol/infra/topology"
)

// queueUser is somebody who has to be able to use a queue: a role by the first letters of its logical id, or a service.
type queueUser struct {
	queue, role, service string
	actions              []string
}

// queueUsers follow from the topology: whoever fills a queue, works it off, or leaves in it what failed.
func queueUsers() (users []queueUser) {
	role := func(name string) string { return strings.ReplaceAll(name, "-", "") + "role" }
	send := []string{"sqs:SendMessage"}
	for _, f := range topology.Dangol.Functions {
		if len(f.Jobs) > 0 {
			users = append(users,
				queueUser{queue: f.Name, role: role(f.Name), actions: []string{"sqs:ReceiveMessage", "sqs:DeleteMessage"}},
				queueUser{queue: f.Name, role: role("sweeper"), actions: []string{"sqs:SendMessage", "sqs:GetQueueAttributes"}})
		}
		if len(f.Events) > 0 || f.MailEvents || f.InboundMail {
			dead := f.Name + "-events-dead"
			users = append(users, queueUser{queue: dead, service: "events.amazonaws.com", actions: send},
				queueUser{queue: dead, role: role(f.Name), actions: send})
		}
		if f.Stream != nil {
			users = append(users, queueUser{queue: f.Name + "-stream-dead", role: role(f.Name), actions: send})
		}
		if f.Schedule != nil {
			users = append(users, queueUser{queue: f.Name + "-schedule-dead", role: role(f.Name + "-schedule"), actions: send})
		}
	}
	return append(users, queueUser{queue: topology.TimesDead, role: "timesrole", actions: send},
		queueUser{queue: topology.DeadQueue, role: role("sweeper"), actions: send})
}

// queueIDs are the logical ids of all queues, by name.
func queueIDs(t *testing.T, s stacks.Stacks) map[string]string {
	t.Helper()
	names := map[string]string{}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(s.Async.Queues)),
		slices.Collect(maps.Keys(s.Async.Dead))) {
		names[strings.ReplaceAll(name, "-", "")] = name
	}
	ids := map[string]string{}
	for path := range everywhere(t, s, "AWS::SQS::Queue") {
		_, id, _ := strings.Cut(path, "/")
		ids[names[strings.TrimPrefix(id[:len(id)-8], "queue")]] = id // a hash of eight characters ends each logical id
	}
	return ids
}

// mayRole reports whether a policy of the role allows the action on what has the logical id, in this stack or another.
func mayRole(t *testing.T, s stacks.Stacks, role, action, id string) bool {
	t.Helper()
	for _, p := range everywhere(t, s, "AWS::IAM::Policy") {
		if !strings.Contains(compact(p.Properties["Roles"]), `"Ref":"`+role) {
			continue
		}
		for _, statement := range statements(p.Properties["PolicyDocument"]) {
			if statement["Effect"] == "Allow" && strings.Contains(compact(statement["Action"]), `"`+action+`"`) &&
				strings.Contains(compact(statement["Resource"]), id) {
				return true
			}
		}
	}
	return false
}

func TestEveryQueueCanBeUsedByWhoeverMustUseIt(t *testing.T) {
	s := synth(t)
	ids := queueIDs(t, s)
	used := map[string]bool{}
	policies := everywhere(t, s, "AWS::SQS::QueuePolicy")
	for _, u := range queueUsers() {
		id, ok := ids[u.queue]
		if !ok {
			t.Errorf("there is no queue %s", u.queue)
			continue
		}
		used[u.queue] = true
		for _, action := range u.actions {
			if u.role != "" && !mayRole(t, s, u.role, action, id) {
				t.Errorf("%s: no policy of %s allows %s", u.queue, u.role, action)
			}
			if u.service != "" && !slices.ContainsFunc(values(policies), func(p resource) bool {
				return strings.Contains(compact(p.Properties["Queues"]), id) && allows(p, action, u.service) &&
					strings.Contains(compact(p.Properties["PolicyDocument"]), `"aws:SourceArn"`)
			}) {
				t.Errorf("%s: %s may not %s", u.queue, u.service, action)
			}
		}
	}
	for name, id := range ids {
		// SQS itself moves a job to the dead-letter queue of its queue, by its redrive policy.
		isDead := strings.HasSuffix(name, "-jobs-dead")
		if isDead && !slices.ContainsFunc(values(everywhere(t, s, "AWS::SQS::Queue")), func(q resource) bool {
			return strings.Contains(compact(q.Properties["RedrivePolicy"]), id)
		}) {
			t.Errorf("nothing is moved to %s", name)
		}
		if !used[name] && !isDead {
			t.Errorf("nobody needs the queue %s", name)
		}
	}
}

// A Deny wins over every Allow, so each may only keep requests without TLS out.
func TestResourcePoliciesDenyOnlyWhatIsNotEncrypted(t *testing.T) {
	s := synth(t)
	for _, kind := range []string{"AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy"} {
		policies := everywhere(t, s, kind)
		if len(policies) == 0 {
			t.Errorf("no %s", kind)
		}
		for id, p := range policies {
			for _, statement := range statements(p.Properties["PolicyDocument"]) {
				switch {
				case statement["Effect"] == "Deny" &&
					compact(statement["Condition"]) == `{"Bool":{"aws:SecureTransport":"false"}}`:
				case statement["Effect"] == "Allow" && !strings.Contains(compact(statement["Principal"]), `"*"`) &&
					regexp.MustCompile(`"(aws:SourceArn|AWS:SourceArn|aws:SourceAccount)"`).MatchString(compact(statement)):
				default:
					t.Errorf("%s: %s", id, compact(statement))
				}
			}
		}
	}
}

// TestEveryInvocationIsAllowed names who invokes each function: API Gateway, EventBridge and Cognito by the function's
// own policy, all others by a role.
func TestEveryInvocationIsAllowed(t *testing.T) {
	s := synth(t)
	invoked := map[string]map[string]bool{} // function: services
	for id, p := range everywhere(t, s, "AWS::Lambda::Permission") {
		name := attribute(p.Properties["FunctionName"])
		if invoked[name] == nil {
			invoked[name] = map[string]bool{}
		}
		invoked[name][fmt.Sprint(p.Properties["Principal"])] = true
		if p.Properties["SourceArn"] == nil {
			t.Errorf("%s: any resource of the service may invoke", id)
		}
	}
	mappings := everywhere(t, s, "AWS::Lambda::EventSourceMapping")
	for _, f := range topology.Dangol.Functions {
		begins := strings.ReplaceAll(f.Name, "-", "")
		var id string
		for path := range everywhere(t, s, "AWS::Lambda::Function") {
			if _, found, _ := strings.Cut(path, "/"); len(found) == len(begins)+8 && strings.HasPrefix(found, begins) {
				id = found
			}
		}
		for service, wanted := range map[string]bool{
			"apigateway.amazonaws.com":  f.API != nil || f.Socket,
			"events.amazonaws.com":      len(f.Events) > 0 || f.MailEvents || f.InboundMail,
			"cognito-idp.amazonaws.com": f.AccountMessages,
		} {
			if invoked[id][service] != wanted {
				t.Errorf("%s may invoke %s: %v, want %v", service, f.Name, !wanted, wanted)
			}
		}
		read := 0
		for _, m := range mappings {
			if attribute(m.Properties["FunctionName"]) == id {
				read++
			}
		}
		want := 0
		if len(f.Jobs) > 0 {
			want++
		}
		if f.Stream != nil {
			want += len(f.Stream.Tables)
		}
		if read != want {
			t.Errorf("%s is fed by %d queues and streams, want %d", f.Name, read, want)
		}
		if f.Schedule != nil && !mayRole(t, s, begins+"schedulerole", "lambda:InvokeFunction", id) {
			t.Errorf("the schedule of %s may not invoke it", f.Name)
		}
	}
}

// A schedule invokes its function as soon as it is made, and a refusal for a missing permission is not tried again.
func TestASchedulesFirstRunIsAllowed(t *testing.T) {
	for id, schedule := range everywhere(t, synth(t), "AWS::Scheduler::Schedule") {
		target, _ := schedule.Properties["Target"].(map[string]any)
		role := attribute(target["RoleArn"])
		waits := false
		for policyID, policy := range everywhere(t, synth(t), "AWS::IAM::Policy") {
			_, policyID, _ = strings.Cut(policyID, "/")
			waits = waits || strings.Contains(compact(policy.Properties["Roles"]), `"Ref":"`+role+`"`) &&
				strings.Contains(compact(schedule.DependsOn), policyID)
		}
		if !waits {
			t.Errorf("%s is made before %s may invoke anything: %v", id, role, schedule.DependsOn)
		}
	}
}

// TestRolesAreTakenByTheirServiceInThisAccount: another account's schedule that names the role must not get it. Lambda
// takes a role only for functions of the role's own account, and API Gateway's setting is of the account itself.
func TestRolesAreTakenByTheirServiceInThisAccount(t *testing.T) {
	takers := map[string]int{}
	for id, role := range everywhere(t, synth(t), "AWS::IAM::Role") {
		for _, statement := range statements(role.Properties["AssumeRolePolicyDocument"]) {
			principal, _ := statement["Principal"].(map[string]any)
			service := fmt.Sprint(principal["Service"])
			takers[service]++
			if service == "scheduler.amazonaws.com" && !strings.Contains(compact(statement["Condition"]),
				`"aws:SourceAccount":{"Ref":"AWS::AccountId"}`) {
				t.Errorf("%s may be taken by schedules of other accounts: %s", id, compact(statement))
			}
		}
	}
	schedules := 1 // that of one-time schedules
	for _, f := range topology.Dangol.Functions {
		if f.Schedule != nil {
			schedules++
		}
	}
	want := map[string]int{
		"lambda.amazonaws.com": len(topology.Dangol.Functions), "scheduler.amazonaws.com": schedules,
		"apigateway.amazonaws.com": 1,
	}
	if !maps.Equal(takers, want) {
		t.Errorf("roles are taken by %v, want %v", takers, want)
	}
}

// No key is the shop's own: tables use the account's key for DynamoDB, buckets and queues those of S3 and SQS, whose
// policies AWS keeps. So whoever may use the table may use its key.
func TestNoKeyHasAPolicyOfItsOwn(t *testing.T) {
	s := synth(t)
	if keys := everywhere(t, s, "AWS::KMS::Key"); len(keys) > 0 {
		t.Errorf("a key has a policy that nobody checks: %v", keys)
	}
	for id, q := range everywhere(t, s, "AWS::SQS::Queue") {
		if q.Properties["SqsManagedSseEnabled"] != true || q.Properties["KmsMasterKeyId"] != nil {
			t.Errorf("%s is encrypted by %v", id, q.Properties["KmsMasterKeyId"])
		}
	}
	for id, b := range everywhere(t, s, "AWS::S3::Bucket") {
		if text := compact(b.Properties["BucketEncryption"]); !strings.Contains(text, `"SSEAlgorithm":"AES256"`) {
			t.Errorf("%s: %s", id, text)
		}
	}
}
