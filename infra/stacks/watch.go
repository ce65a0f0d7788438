package stacks

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"

	"dangol/infra/topology"
	"dangol/shared/payment/providers"
	"dangol/shared/platform/function"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/task"
)

// watch makes alarms and collects them.
type watch struct {
	stack  awscdk.Stack
	stage  string
	topic  awssns.Topic
	charts []awscloudwatch.IWidget
	data   *Data
	made   []awscloudwatch.CfnAlarm
}

// newWatch makes the alarms of every function, queue, table and rule from the topology, so that a
// new function is watched without a line here.
func newWatch(app awscdk.App, props *awscdk.StackProps, c Config, s topology.System, d *Data, async *Async,
	api *API) awscdk.Stack {
	w := &watch{stack: awscdk.NewStack(app, props.StackName, props), stage: c.Stage.Name, data: d}
	w.topic = awssns.NewTopic(w.stack, str("Alarms"), &awssns.TopicProps{EnforceSSL: yes(true)})
	// Enforcing TLS gives the topic a policy, and a policy without an Allow lets nobody publish: neither CloudWatch nor,
	// by default, anybody else.
	w.topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid: str("Alarms"), Actions: strs("sns:Publish"), Resources: &[]*string{w.topic.TopicArn()},
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(str("cloudwatch.amazonaws.com"), nil)},
		Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Aws_ACCOUNT_ID()}},
	}))
	if c.AlarmMail != "" {
		w.topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(str(c.AlarmMail), nil))
	}
	deployed := map[string]awslambda.Function{}
	for _, functions := range []map[string]awslambda.Function{d.Functions, async.Functions, api.Functions} {
		maps.Copy(deployed, functions)
	}
	for _, f := range s.Functions {
		// With another issuer there is no pool, and nothing writes its mails.
		if fn, ok := deployed[f.Name]; ok {
			w.function(f, fn)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(async.Dead)) {
		// Visible messages and not sent ones: messages that SQS itself moves to a dead-letter queue
		// do not count as sent.
		metric := async.Dead[name].MetricApproximateNumberOfMessagesVisible(
			&awscloudwatch.MetricOptions{Statistic: str("Maximum")})
		w.alarm(name, "Something waits in "+name+": look at it, mend the cause, redrive", metric, 0, 1)
	}
	w.alarm("api-errors", "The API answers with server errors", api.HTTP.MetricServerError(&awscloudwatch.MetricOptions{
		Statistic: str("Sum"), Period: awscdk.Duration_Minutes(num(5)),
	}), 5, 1)
	w.mail()
	w.tasks()
	w.queues(async)
	w.tables(s)
	w.rules(async)
	awscloudwatch.NewDashboard(w.stack, str("Dashboard"), &awscloudwatch.DashboardProps{
		DashboardName: str("dangol-" + c.Stage.Name), Widgets: &[]*[]awscloudwatch.IWidget{&w.charts},
	})
	return w.stack
}

// function makes the alarms that every function has, and its chart.
func (w *watch) function(f topology.Function, fn awslambda.Function) {
	five := &awscloudwatch.MetricOptions{Period: awscdk.Duration_Minutes(num(5))}
	errors, throttles := fn.MetricErrors(five), fn.MetricThrottles(five)
	slow := fn.MetricDuration(&awscloudwatch.MetricOptions{Period: awscdk.Duration_Minutes(num(5)), Statistic: str("p99")})
	// A few errors are retried and heal; more than three in two periods do not.
	w.alarm(f.Name+"-errors", "Function "+f.Name+" fails", errors, 3, 2)
	w.alarm(f.Name+"-throttles", "Function "+f.Name+" is throttled", throttles, 0, 2)
	// Close to the timeout, before shoppers see it.
	w.alarm(f.Name+"-slow", "Function "+f.Name+" is close to its timeout", slow, 0.8*f.Timeout.Seconds()*1000, 2)
	if f.Stream != nil {
		age := fn.Metric(str("IteratorAge"),
			&awscloudwatch.MetricOptions{Period: awscdk.Duration_Minutes(num(5)), Statistic: str("Maximum")})
		w.alarm(f.Name+"-behind", "Function "+f.Name+" is more than five minutes behind the changes", age, 5*60*1000, 2)
	}
	if f.Schedule != nil {
		w.silent(f, fn)
	}
	for _, a := range f.Alarms {
		w.own(f, a)
	}
	w.charts = append(w.charts, awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{
		Title: str(f.Name), Width: num(8), Left: &[]awscloudwatch.IMetric{fn.MetricInvocations(five), errors, throttles},
		Right: &[]awscloudwatch.IMetric{slow},
	}))
}

// own makes the alarm on a metric that the function writes itself.
func (w *watch) own(f topology.Function, a function.Alarm) {
	metric := awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: str(metrics.Namespace), MetricName: str(a.Metric), Statistic: str("Sum"),
		Period:        lasting(cmp.Or(a.Period, 5*time.Minute)),
		DimensionsMap: &map[string]*string{"function": str(f.Name), "stage": str(w.stage)},
	})
	w.alarm(f.Name+"-"+a.Name, a.What, metric, a.Above, 1)
}

// tasks watches durable tasks that can never succeed, in whatever function they run.
func (w *watch) tasks() {
	for _, watched := range []struct{ name, what string }{
		{task.MetricAbandoned, "A task could never succeed and was compensated: read the log for its name and cause"},
		{providers.MetricOurFault, "The payment provider refuses the shop: check the key and its permissions"},
		{task.MetricStuck, "A task can neither succeed nor be compensated: a person has to look after it"},
	} {
		metric := awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
			Namespace: str(metrics.Namespace), MetricName: str(watched.name), Statistic: str("Sum"),
			Period:        awscdk.Duration_Minutes(num(5)),
			DimensionsMap: &map[string]*string{"stage": str(w.stage)},
		})
		w.alarm(watched.name, watched.what, metric, 0, 1)
	}
}

// limit is above what a metric of AWS is an alarm.
type limit struct {
	metric string
	above  float64
}

// mail watches the sender's reputation. Gmail and Yahoo want complaints under 0.1 %, and SES
// reviews accounts with more than 5 % bounces.
func (w *watch) mail() {
	for _, rate := range []limit{{"Reputation.BounceRate", 0.05}, {"Reputation.ComplaintRate", 0.001}} {
		metric := awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
			Namespace: str("AWS/SES"), MetricName: str(rate.metric), Statistic: str("Maximum"),
			Period: awscdk.Duration_Hours(num(1)),
		})
		w.alarm(rate.metric, "Too many mails bounce or are complained about", metric, rate.above, 1)
	}
}

// alarm fires when the metric is above the limit for so many periods. No data counts as well: most
// metrics are only written when something happens.
func (w *watch) alarm(name, what string, metric awscloudwatch.IMetric, above float64, periods int) {
	w.alarmOn(name, what, metric, &awscloudwatch.AlarmProps{
		Threshold: num(above), EvaluationPeriods: num(periods),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_THRESHOLD,
		TreatMissingData:   awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
}

// action sends the alarm to the topic.
func (w *watch) action() awscloudwatch.IAlarmAction {
	return awscloudwatchactions.NewSnsAction(w.topic)
}
