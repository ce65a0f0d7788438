package stacks

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambdadestinations"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambdaeventsources"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsscheduler"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsschedulertargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsses"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"

	"dangol/infra/topology"
	"dangol/shared/platform/event"
	"dangol/shared/platform/function"
)

// Async is what runs behind the API.
type Async struct {
	awscdk.Stack
	config    Config
	Functions map[string]awslambda.Function
	Queues    map[string]awssqs.Queue
	Dead      map[string]awssqs.Queue // every dead-letter queue, by name
	delivered []delivery
	bus       awsevents.EventBus
	mail      awsses.ConfigurationSet
	times     *times
}

// newAsync makes what runs behind the API. The order matters: queues and schedules must exist
// before the functions that get their names as variables.
func newAsync(app awscdk.App, props *awscdk.StackProps, c Config, s topology.System, d *Data) *Async {
	a := &Async{
		Stack: awscdk.NewStack(app, props.StackName, props), config: c,
		Functions: map[string]awslambda.Function{}, Queues: map[string]awssqs.Queue{}, Dead: map[string]awssqs.Queue{},
	}
	a.bus = awsevents.NewEventBus(a.Stack, str("Bus"), &awsevents.EventBusProps{
		EventBusName: str("dangol-" + c.Stage.Name), Description: str("What happened in the shop"),
	})
	a.mail = awsses.NewConfigurationSet(a.Stack, str("Mail"), &awsses.ConfigurationSetProps{
		// TLS is required, because mails hold addresses. The shop itself writes to no address that bounced, until an operator
		// lifts that (POST /outreach/contacts/lift); a list of SES's own would go on bouncing it. Complaints stay in both.
		ReputationMetrics: yes(true), TlsPolicy: awsses.ConfigurationSetTlsPolicy_REQUIRE,
		SuppressionReasons: awsses.SuppressionReasons_COMPLAINTS_ONLY,
	})
	// SES publishes events to the account's default bus only (a limit of SES).
	a.mail.AddEventDestination(str("MailEvents"), &awsses.ConfigurationSetEventDestinationOptions{
		Destination: awsses.EventDestination_EventBus(
			awsevents.EventBus_FromEventBusName(a.Stack, str("DefaultBus"), str("default"))),
		Events: &[]awsses.EmailSendingEvent{
			awsses.EmailSendingEvent_SEND, awsses.EmailSendingEvent_DELIVERY, awsses.EmailSendingEvent_BOUNCE,
			awsses.EmailSendingEvent_COMPLAINT, awsses.EmailSendingEvent_REJECT,
		},
	})
	a.queues(s)
	a.times = newTimes(a.Stack, c, a.dead(a.Stack, topology.TimesDead))
	known := a.variables(s, d)
	for _, f := range s.Functions {
		if !besideAPI(f) && !f.AccountMessages {
			a.function(f, known, d)
		}
	}
	return a
}

// queues makes a queue with a dead-letter queue for each function that has jobs.
func (a *Async) queues(s topology.System) {
	a.dead(a.Stack, topology.DeadQueue)
	for _, q := range s.Queues {
		f, _ := s.Function(q.Name)
		// AWS asks for at least six times the function's timeout, so that a batch in work is not
		// given out again.
		visible := 6 * f.Timeout
		a.Queues[q.Name] = awssqs.NewQueue(a.Stack, str("queue-"+q.Name), &awssqs.QueueProps{
			EnforceSSL: yes(true), Encryption: awssqs.QueueEncryption_SQS_MANAGED, VisibilityTimeout: lasting(visible),
			DeadLetterQueue: &awssqs.DeadLetterQueue{Queue: a.dead(a.Stack, q.Dead()), MaxReceiveCount: num(q.MaxReceive)},
		})
	}
}

// dead makes a dead-letter queue. It keeps messages for 14 days, the most that SQS allows, so that
// a long weekend loses nothing.
func (a *Async) dead(stack awscdk.Stack, name string) awssqs.Queue {
	q := awssqs.NewQueue(stack, str("queue-"+name), &awssqs.QueueProps{
		EnforceSSL: yes(true), Encryption: awssqs.QueueEncryption_SQS_MANAGED, RetentionPeriod: awscdk.Duration_Days(num(14)),
	})
	a.Dead[name] = q
	return q
}

// variables adds what the async stack makes to the variables of the data stack.
func (a *Async) variables(s topology.System, d *Data) map[string]*string {
	known := variables(a.config, d)
	a.times.know(known)
	known["BUS_NAME"] = a.bus.EventBusName()
	known["MAIL_CONFIGURATION_SET"] = a.mail.ConfigurationSetName()
	known["DEAD_QUEUE_URL"] = a.Dead[topology.DeadQueue].QueueUrl()
	// The sweeper gets kinds and queues in one variable, so a new kind needs no change of its code.
	known["DUE_KINDS"] = str(s.DueKinds(func(queue string) string { return *a.Queues[queue].QueueUrl() }))
	return known
}

// function makes one function of this stack with its triggers.
func (a *Async) function(f topology.Function, known map[string]*string, d *Data) {
	fn := newFunction(a.Stack, a.config, f, d.Tables, environment(f, known))
	a.Functions[f.Name] = fn
	a.connect(a.Stack, f, fn, d)
}

// connect gives a function its permissions and its triggers, except routes. Triggers and
// dead-letter queues belong to the function's own stack: the queue's policy names the rule, and two
// stacks must not depend on each other both ways.
func (a *Async) connect(stack awscdk.Stack, f topology.Function, fn awslambda.Function, d *Data) {
	for _, p := range f.Permissions {
		a.permit(stack, fn, p, d)
	}
	if len(f.Jobs) > 0 {
		fn.AddEventSource(awslambdaeventsources.NewSqsEventSource(a.Queues[f.Name],
			&awslambdaeventsources.SqsEventSourceProps{
				// Without it one bad job would repeat the whole batch.
				ReportBatchItemFailures: yes(true), MaxConcurrency: num(f.Queue.WithDefaults().Concurrency),
			}))
	}
	if f.Stream != nil {
		a.stream(stack, f, fn, d)
	}
	if f.Schedule != nil {
		a.schedule(stack, f, fn)
	}
	if len(f.Events) > 0 || f.MailEvents || f.InboundMail {
		a.rules(stack, f, fn, d)
	}
}

// permit grants what a Spec asks for by name, each with the narrowest resource there is.
func (a *Async) permit(stack awscdk.Stack, fn awslambda.Function, p function.Permission, d *Data) {
	switch p {
	case function.PutEvents:
		fn.AddToRolePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions: strs("events:PutEvents"), Resources: &[]*string{a.bus.EventBusArn()},
			// Nothing else may be published in the shop's name.
			Conditions: &map[string]any{"StringEquals": map[string]any{"events:source": event.Source}},
		}))
	case function.SendDue:
		// The sweeper sends to every work queue, and to the queue of jobs that failed too often.
		arns := []*string{a.Dead[topology.DeadQueue].QueueArn()}
		for _, name := range slices.Sorted(maps.Keys(a.Queues)) {
			arns = append(arns, a.Queues[name].QueueArn())
		}
		fn.AddToRolePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions: strs("sqs:SendMessage", "sqs:GetQueueAttributes"), Resources: &arns,
		}))
	case function.SendMail:
		_, domain, _ := strings.Cut(a.config.MailFrom, "@")
		arn := func(kind, name string) *string {
			return a.FormatArn(&awscdk.ArnComponents{Service: str("ses"), Resource: str(kind), ResourceName: str(name)})
		}
		fn.AddToRolePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions: strs("ses:SendEmail"),
			// SES checks both the sending identity and the configuration set.
			Resources: &[]*string{arn("identity", domain), arn("configuration-set", *a.mail.ConfigurationSetName())},
		}))
		// In its sandbox SES asks for the recipient's identity, too: a verified address could not be written to
		// otherwise. The sender stays the shop's.
		fn.AddToRolePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions: strs("ses:SendEmail"), Resources: &[]*string{arn("identity", "*")},
			Conditions: &map[string]any{"StringLike": map[string]any{"ses:FromAddress": "*@" + domain}},
		}))
		fn.AddToRolePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions: strs("ses:GetAccount"), Resources: strs("*"), // the action has no resource types
		}))
	case function.StoreMedia:
		d.Media.permit(fn)
	case function.PlanTimes:
		a.times.permit(stack, fn)
	case function.ReadPayments:
		readSecrets(stack, a.config, fn)
	}
}

// readSecrets allows reading the payment provider's secrets.
func readSecrets(stack awscdk.Stack, c Config, fn awslambda.Function) {
	fn.AddToRolePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: strs("ssm:GetParametersByPath"),
		Resources: &[]*string{stack.FormatArn(&awscdk.ArnComponents{
			Service: str("ssm"), Resource: str("parameter" + secretsPath(c)),
		})},
	}))
}

// stream feeds the changes of tables to the function. A batch that keeps failing is halved until
// the bad record is alone. It goes to the dead-letter queue, so it does not hold a shard up for a
// day.
func (a *Async) stream(stack awscdk.Stack, f topology.Function, fn awslambda.Function, d *Data) {
	dead := awslambdaeventsources.NewSqsDlq(a.dead(stack, f.Name+"-stream-dead"))
	for _, name := range f.Stream.Tables {
		fn.AddEventSource(awslambdaeventsources.NewDynamoEventSource(d.Tables[name],
			&awslambdaeventsources.DynamoEventSourceProps{
				// From the oldest record, so that a stream read for the first time misses nothing.
				StartingPosition: awslambda.StartingPosition_TRIM_HORIZON, BatchSize: num(f.Stream.Batch),
				RetryAttempts: num(f.Stream.Retries), BisectBatchOnError: yes(true), ReportBatchItemFailures: yes(true),
				OnFailure: dead,
				// Only changes that carry an event, and those of small counters, invoke the function; all others cost
				// nothing. The filter is free of charge.
				Filters:           filters(f.Stream, name),
				MaxBatchingWindow: lasting(f.Stream.Window),
			}))
	}
}

// filters are what the function wants of the changes of a table: one of them has to match.
func filters(s *function.Stream, table string) *[]*map[string]any {
	all := []*map[string]any{awslambda.FilterCriteria_Filter(&map[string]any{
		"dynamodb": map[string]any{"NewImage": map[string]any{"event": map[string]any{"M": eventsWanted(s)}}},
	})}
	for _, c := range s.Counters {
		if c.Table != table {
			continue
		}
		for _, image := range counterImages(c) {
			of := map[string]any{"Keys": map[string]any{"pk": startsWith(c.Key), "sk": startsWith(c.Sort)}}
			maps.Copy(of, image)
			all = append(all, awslambda.FilterCriteria_Filter(&map[string]any{"dynamodb": of}))
		}
	}
	return &all
}

// counterImages are the images of a change of a counter that the function looks at.
func counterImages(c function.Counter) []map[string]any {
	// Numbers are text in a stream, so those from 0 on are listed; the others begin with a minus sign.
	units := []any{map[string]any{"prefix": "-"}}
	for _, n := range c.Small() {
		units = append(units, n)
	}
	few := map[string]any{c.Attribute: map[string]any{"N": units}}
	watched := map[string]any{c.Watch: map[string]any{"N": []any{map[string]any{"exists": true}}}}
	return []map[string]any{{"NewImage": few}, {"OldImage": few}, {"NewImage": watched}}
}

// startsWith is a filter on a text attribute.
func startsWith(prefix string) map[string]any {
	return map[string]any{"S": []any{map[string]any{"prefix": prefix}}}
}

// eventsWanted is the filter on the event that a change wrote: one of some types, or any.
func eventsWanted(s *function.Stream) map[string]any {
	if len(s.Types) == 0 {
		return map[string]any{"id": map[string]any{"S": []map[string]any{{"exists": true}}}}
	}
	return map[string]any{"type": map[string]any{"S": s.Types}}
}

// schedule runs the function at its rate. A run that could not start is not made up for: the next
// one does the same work.
func (a *Async) schedule(stack awscdk.Stack, f topology.Function, fn awslambda.Function) {
	role := awsiam.NewRole(stack, str(f.Name+"-schedule-role"), &awsiam.RoleProps{
		AssumedBy:   onlySchedules(),
		Description: str("Lets the schedule of " + f.Name + " invoke it, or say that it could not"),
	})
	made := awsscheduler.NewSchedule(stack, str(f.Name+"-schedule"), &awsscheduler.ScheduleProps{
		Description: str(f.Purpose), Schedule: awsscheduler.ScheduleExpression_Rate(lasting(f.Schedule.Rate)),
		Target: awsschedulertargets.NewLambdaInvoke(fn, &awsschedulertargets.ScheduleTargetBaseProps{
			DeadLetterQueue: a.dead(stack, f.Name+"-schedule-dead"), RetryAttempts: num(2),
			MaxEventAge: lasting(f.Schedule.Rate), Role: role,
		}),
	})
	// A rate begins when the schedule is made. Without its role's policy the first run would be refused: what runs daily
	// would be a day late, and an alarm would ring on the first.
	made.Node().AddDependency(role)
}

// delivery is a rule that hands events to a function.
type delivery struct {
	function, rule string
	own            bool // a rule of the shop's bus, and not of the account's default one
}

// deliver notes the rule with this name for the alarms and gives it the name of the stage. A rule without a name of its
// own would be known by CloudFormation's reference only, which is "bus|rule" on a bus of one's own, and CloudWatch has
// no metric of that name.
func (a *Async) deliver(function, name string, own bool) *string {
	d := delivery{function, "dangol-" + a.config.Stage.Name + "-" + name, own}
	a.delivered = append(a.delivered, d)
	return str(d.rule)
}

// rules invoke the function for the events it consumes. Two things can fail, and both end in one
// dead-letter queue: handing the event to Lambda (the rule retries), and the function itself
// (Lambda tries twice more).
func (a *Async) rules(stack awscdk.Stack, f topology.Function, fn awslambda.Function, d *Data) {
	dead := a.dead(stack, f.Name+"-events-dead")
	fn.ConfigureAsyncInvoke(&awslambda.EventInvokeConfigOptions{
		OnFailure: awslambdadestinations.NewSqsDestination(dead), RetryAttempts: num(2),
		MaxEventAge: awscdk.Duration_Hours(num(6)),
	})
	// A target for each rule: the CDK binds a target to one rule only.
	targets := func() *[]awsevents.IRuleTarget {
		return &[]awsevents.IRuleTarget{awseventstargets.NewLambdaFunction(fn, &awseventstargets.LambdaFunctionProps{
			// The most that EventBridge allows: a function that is throttled for hours still gets
			// its events.
			DeadLetterQueue: dead, RetryAttempts: num(185), MaxEventAge: awscdk.Duration_Hours(num(24)),
		})}
	}
	if len(f.Events) > 0 {
		awsevents.NewRule(stack, str(f.Name+"-rule"), &awsevents.RuleProps{
			RuleName: a.deliver(f.Name, f.Name, true), EventBus: a.bus, Description: str("Events that " + f.Name + " consumes"),
			EventPattern: &awsevents.EventPattern{Source: strs(event.Source), DetailType: strs(f.Events...)},
			Targets:      targets(),
		})
	}
	// S3 tells of its objects on the default bus.
	if f.InboundMail {
		awsevents.NewRule(stack, str(f.Name+"-s3-rule"), &awsevents.RuleProps{
			RuleName:    a.deliver(f.Name, f.Name+"-s3", false),
			Description: str("Mails that SES has stored for " + f.Name),
			EventPattern: &awsevents.EventPattern{
				Source: strs("aws.s3"), DetailType: strs("Object Created"),
				Detail: &map[string]any{"bucket": map[string]any{"name": []*string{d.InboundMail.BucketName()}}},
			},
			Targets: targets(),
		})
	}
	// SES uses the default bus, so this rule is not on the shop's own. All of the account meets there: mails of its other
	// stages and shops, whose bounces would block this shop's customers, and, with a trail of CloudTrail, every call to
	// SES, which is no event about a mail and would end in the dead-letter queue.
	if f.MailEvents {
		awsevents.NewRule(stack, str(f.Name+"-ses-rule"), &awsevents.RuleProps{
			RuleName:    a.deliver(f.Name, f.Name+"-ses", false),
			Description: str("What SES tells " + f.Name + " about mails"),
			EventPattern: &awsevents.EventPattern{
				Source: strs("aws.ses"),
				Detail: &map[string]any{"mail": map[string]any{
					"tags": map[string]any{"ses:configuration-set": []*string{a.mail.ConfigurationSetName()}},
				}},
			},
			Targets: targets(),
		})
	}
}
