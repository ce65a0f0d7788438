package stacks

import (
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
	Dead      map[string]awssqs.Queue   // every dead-letter queue, by name
	delivered map[string]awsevents.Rule // rules of the shop's bus, by function
	bus       awsevents.EventBus
	mail      awsses.ConfigurationSet
	times     *times
}

func newAsync(app awscdk.App, props *awscdk.StackProps, c Config, s topology.System, d *Data) *Async {
	a := &Async{
		Stack: awscdk.NewStack(app, props.StackName, props), config: c,
		Functions: map[string]awslambda.Function{}, Queues: map[string]awssqs.Queue{}, Dead: map[string]awssqs.Queue{},
		delivered: map[string]awsevents.Rule{},
	}
	a.bus = awsevents.NewEventBus(a.Stack, str("Bus"), &awsevents.EventBusProps{
		EventBusName: str("dangol-" + c.Stage.Name), Description: str("What happened in the shop"),
	})
	a.mail = awsses.NewConfigurationSet(a.Stack, str("Mail"), &awsses.ConfigurationSetProps{
		ReputationMetrics: yes(true), TlsPolicy: awsses.ConfigurationSetTlsPolicy_REQUIRE,
		SuppressionReasons: awsses.SuppressionReasons_BOUNCES_AND_COMPLAINTS,
	})
	// SES publishes to the default bus only.
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
		if f.API == nil {
			a.function(f, known, d)
		}
	}
	return a
}

func (a *Async) queues(s topology.System) {
	a.dead(a.Stack, topology.DeadQueue)
	for _, q := range s.Queues {
		f, _ := s.Function(q.Name)
		visible := 6 * f.Timeout // AWS: at least six times the function's timeout
		a.Queues[q.Name] = awssqs.NewQueue(a.Stack, str("queue-"+q.Name), &awssqs.QueueProps{
			EnforceSSL: yes(true), Encryption: awssqs.QueueEncryption_SQS_MANAGED, VisibilityTimeout: lasting(visible),
			DeadLetterQueue: &awssqs.DeadLetterQueue{Queue: a.dead(a.Stack, q.Dead()), MaxReceiveCount: num(q.MaxReceive)},
		})
	}
}

// dead makes a dead-letter queue. It keeps messages as long as SQS allows, so that a long weekend loses nothing.
func (a *Async) dead(stack awscdk.Stack, name string) awssqs.Queue {
	q := awssqs.NewQueue(stack, str("queue-"+name), &awssqs.QueueProps{
		EnforceSSL: yes(true), Encryption: awssqs.QueueEncryption_SQS_MANAGED, RetentionPeriod: awscdk.Duration_Days(num(14)),
	})
	a.Dead[name] = q
	return q
}

func (a *Async) variables(s topology.System, d *Data) map[string]*string {
	known := variables(a.config, d)
	a.times.know(known)
	known["BUS_NAME"] = a.bus.EventBusName()
	known["MAIL_CONFIGURATION_SET"] = a.mail.ConfigurationSetName()
	known["DEAD_QUEUE_URL"] = a.Dead[topology.DeadQueue].QueueUrl()
	kinds := make([]string, len(s.Due))
	for i, k := range s.Due {
		kinds[i] = k.Entry(*a.Queues[k.Queue].QueueUrl())
	}
	known["DUE_KINDS"] = str(strings.Join(kinds, ","))
	return known
}

func (a *Async) function(f topology.Function, known map[string]*string, d *Data) {
	fn := newFunction(a.Stack, a.config, f, d.Tables, environment(f, known))
	a.Functions[f.Name] = fn
	a.connect(a.Stack, f, fn, d)
}

// connect gives a function its permissions and its triggers, except routes. The triggers and the dead-letter queues of
// events belong to the function's own stack: a rule may send to a queue only by a policy that names the rule.
func (a *Async) connect(stack awscdk.Stack, f topology.Function, fn awslambda.Function, d *Data) {
	for _, p := range f.Permissions {
		a.permit(stack, fn, p, d)
	}
	if len(f.Jobs) > 0 {
		fn.AddEventSource(awslambdaeventsources.NewSqsEventSource(a.Queues[f.Name],
			&awslambdaeventsources.SqsEventSourceProps{
				ReportBatchItemFailures: yes(true), MaxConcurrency: num(f.Queue.WithDefaults().Concurrency),
			}))
	}
	if f.Stream != nil {
		a.stream(stack, f, fn, d)
	}
	if f.Schedule != nil {
		a.schedule(stack, f, fn)
	}
	if len(f.Events) > 0 || f.MailEvents {
		a.rules(stack, f, fn)
	}
}

func (a *Async) permit(stack awscdk.Stack, fn awslambda.Function, p function.Permission, d *Data) {
	switch p {
	case function.PutEvents:
		fn.AddToRolePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions: strs("events:PutEvents"), Resources: &[]*string{a.bus.EventBusArn()},
			Conditions: &map[string]any{"StringEquals": map[string]any{"events:source": event.Source}},
		}))
	case function.SendDue:
		arns := []*string{a.Dead[topology.DeadQueue].QueueArn()}
		for _, q := range a.Queues {
			arns = append(arns, q.QueueArn())
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
			Actions:   strs("ses:SendEmail"),
			Resources: &[]*string{arn("identity", domain), arn("configuration-set", *a.mail.ConfigurationSetName())},
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

// stream feeds the changes of tables to the function. A batch that keeps failing is halved until the one bad record is
// alone; that one goes to the dead-letter queue, so it cannot hold up a shard for a day.
func (a *Async) stream(stack awscdk.Stack, f topology.Function, fn awslambda.Function, d *Data) {
	dead := awslambdaeventsources.NewSqsDlq(a.dead(stack, f.Name+"-stream-dead"))
	for _, name := range f.Stream.Tables {
		fn.AddEventSource(awslambdaeventsources.NewDynamoEventSource(d.Tables[name],
			&awslambdaeventsources.DynamoEventSourceProps{
				StartingPosition: awslambda.StartingPosition_TRIM_HORIZON, BatchSize: num(f.Stream.Batch),
				RetryAttempts: num(f.Stream.Retries), BisectBatchOnError: yes(true), ReportBatchItemFailures: yes(true),
				OnFailure: dead,
				Filters: &[]*map[string]any{awslambda.FilterCriteria_Filter(&map[string]any{
					"dynamodb": map[string]any{"NewImage": map[string]any{"event": map[string]any{"M": map[string]any{
						"id": map[string]any{"S": []map[string]any{{"exists": true}}},
					}}}},
				})},
			}))
	}
}

func (a *Async) schedule(stack awscdk.Stack, f topology.Function, fn awslambda.Function) {
	awsscheduler.NewSchedule(stack, str(f.Name+"-schedule"), &awsscheduler.ScheduleProps{
		Description: str(f.Purpose), Schedule: awsscheduler.ScheduleExpression_Rate(lasting(f.Schedule.Rate)),
		Target: awsschedulertargets.NewLambdaInvoke(fn, &awsschedulertargets.ScheduleTargetBaseProps{
			DeadLetterQueue: a.dead(stack, f.Name+"-schedule-dead"), RetryAttempts: num(2),
			MaxEventAge: lasting(f.Schedule.Rate),
		}),
	})
}

// rules invoke the function for the events it consumes. Two things can fail, and both end in one dead-letter queue:
// handing the event to Lambda (the rule's own retries), and the function itself, which Lambda tries twice more.
func (a *Async) rules(stack awscdk.Stack, f topology.Function, fn awslambda.Function) {
	dead := a.dead(stack, f.Name+"-events-dead")
	fn.ConfigureAsyncInvoke(&awslambda.EventInvokeConfigOptions{
		OnFailure: awslambdadestinations.NewSqsDestination(dead), RetryAttempts: num(2),
		MaxEventAge: awscdk.Duration_Hours(num(6)),
	})
	targets := func() *[]awsevents.IRuleTarget {
		return &[]awsevents.IRuleTarget{awseventstargets.NewLambdaFunction(fn, &awseventstargets.LambdaFunctionProps{
			DeadLetterQueue: dead, RetryAttempts: num(185), MaxEventAge: awscdk.Duration_Hours(num(24)),
		})}
	}
	if len(f.Events) > 0 {
		a.delivered[f.Name] = awsevents.NewRule(stack, str(f.Name+"-rule"), &awsevents.RuleProps{
			Description: str("Events that " + f.Name + " consumes"), EventBus: a.bus,
			EventPattern: &awsevents.EventPattern{Source: strs(event.Source), DetailType: strs(f.Events...)},
			Targets:      targets(),
		})
	}
	if f.MailEvents {
		awsevents.NewRule(stack, str(f.Name+"-ses-rule"), &awsevents.RuleProps{
			Description:  str("What SES tells " + f.Name + " about mails"), // on the default bus
			EventPattern: &awsevents.EventPattern{Source: strs("aws.ses")}, Targets: targets(),
		})
	}
}
