package stacks

import (
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"

	"dangol/infra/topology"
	"dangol/shared/platform/table"
)

// oldest is how old the oldest message of a work queue may become, in seconds: long enough for a
// burst, short enough that a shopper who waits for a mail or refund is not the first to notice.
const oldest = 15 * 60

// silent fires when a function that a schedule starts has not run at all. No data is the alarm
// here: a schedule that was deleted, or may no longer invoke, writes none.
func (w *watch) silent(f topology.Function, fn awslambda.Function) {
	// CloudWatch looks back a week at most over all periods; two days are enough for what runs daily.
	period := lasting(min(5*f.Schedule.Rate, max(f.Schedule.Rate, 24*time.Hour)))
	metric := fn.MetricInvocations(&awscloudwatch.MetricOptions{Period: period, Statistic: str("Sum")})
	w.alarmOn(f.Name+"-silent", "Function "+f.Name+" has not run: what is due is not done", metric,
		&awscloudwatch.AlarmProps{
			Threshold: num(1), EvaluationPeriods: num(2),
			ComparisonOperator: awscloudwatch.ComparisonOperator_LESS_THAN_THRESHOLD,
			TreatMissingData:   awscloudwatch.TreatMissingData_BREACHING,
		})
}

// queues watches how old waiting work is, and not how much there is: a long queue that moves is no
// problem.
func (w *watch) queues(async *Async) {
	for _, name := range slices.Sorted(maps.Keys(async.Queues)) {
		metric := async.Queues[name].MetricApproximateAgeOfOldestMessage(&awscloudwatch.MetricOptions{
			Period: awscdk.Duration_Minutes(num(5)), Statistic: str("Maximum"),
		})
		w.alarm(name+"-old", "Work waits in the queue of "+name+" for more than 15 minutes", metric, oldest, 2)
	}
}

// tables watches what DynamoDB refused. A few conflicts are normal where two shoppers want the same
// unit. Many mean that all writes meet on one item.
func (w *watch) tables(s topology.System) {
	for _, schema := range s.Tables {
		for _, refused := range []limit{
			{"ReadThrottleEvents", 0}, {"WriteThrottleEvents", 0}, {"TransactionConflict", 50},
		} {
			metric := awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
				Namespace: str("AWS/DynamoDB"), MetricName: str(refused.metric), Statistic: str("Sum"),
				Period:        awscdk.Duration_Minutes(num(5)),
				DimensionsMap: &map[string]*string{"TableName": w.data.Tables[schema.Name].TableName()},
			})
			w.alarm(schema.Name+"-"+refused.metric, "Table "+schema.Name+" refuses work: "+refused.metric, metric,
				refused.above, 2)
		}
		w.indexes(schema)
	}
}

// indexes watches those of a table, which its own metrics leave out: a reader of the due index that is throttled stops
// all that is due, and the table shows nothing of it.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
func (w *watch) indexes(schema table.Schema) {
	for _, index := range schema.Indexes {
		for _, refused := range []string{"ReadThrottleEvents", "WriteThrottleEvents"} {
			metric := awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
				Namespace: str("AWS/DynamoDB"), MetricName: str(refused), Statistic: str("Sum"),
				Period: awscdk.Duration_Minutes(num(5)),
				DimensionsMap: &map[string]*string{
					"TableName": w.data.Tables[schema.Name].TableName(), "GlobalSecondaryIndexName": str(index.Name),
				},
			})
			w.alarm(schema.Name+"-"+index.Name+"-"+refused,
				"Table "+schema.Name+" refuses work: "+refused+" of its index "+index.Name, metric, 0, 2)
		}
	}
}

// rules watches events that EventBridge could not hand over; each is in the dead-letter queue of its rule as well.
func (w *watch) rules(async *Async) {
	for _, d := range async.delivered {
		// The metrics of rules of the default bus do not name it.
		dimensions := map[string]*string{"RuleName": str(d.rule)}
		name := d.function + "-undelivered"
		if d.own {
			dimensions["EventBusName"] = async.bus.EventBusName()
		} else {
			name = d.rule + "-undelivered"
		}
		w.alarm(name, "Events do not reach function "+d.function, awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
			Namespace: str("AWS/Events"), MetricName: str("FailedInvocations"), Statistic: str("Sum"),
			Period: awscdk.Duration_Minutes(num(5)), DimensionsMap: &dimensions,
		}), 0, 1)
	}
}

// alarmsAtOnce is how many alarms CloudFormation makes, changes or deletes at a time: CloudWatch takes 3 calls a second
// of an account for that (PutMetricAlarm, DeleteAlarms), and CloudFormation would send one for each of 170 alarms at
// once. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
const alarmsAtOnce = 3

// alarmOn makes an alarm with a comparison of its own, which waits for an earlier one.
func (w *watch) alarmOn(name, what string, metric awscloudwatch.IMetric, props *awscloudwatch.AlarmProps) {
	props.AlarmDescription = str(what)
	props.Metric = metric
	alarm := awscloudwatch.NewAlarm(w.stack, str(name+"-alarm"), props)
	alarm.AddAlarmAction(w.action())
	w.made = append(w.made, alarm.Node().DefaultChild().(awscloudwatch.CfnAlarm))
	if i := len(w.made) - 1; i >= alarmsAtOnce {
		w.made[i].AddResourceDependency(w.made[i-alarmsAtOnce], nil)
	}
}
