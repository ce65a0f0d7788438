package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsscheduler"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"

	"dangol/infra/topology"
)

// times is what one-time schedules need: a group of their own, and a role that may invoke one
// function and send to one dead-letter queue. The ARN of the function is built from its name,
// because that function also makes schedules and would otherwise depend on itself.
type times struct {
	config Config
	role   awsiam.Role
	target string
	dead   awssqs.Queue
}

func groupName(c Config) string     { return "dangol-" + c.Stage.Name }
func scheduledName(c Config) string { return "dangol-" + c.Stage.Name + "-" + topology.Scheduled }

// newTimes makes group and role.
func newTimes(stack awscdk.Stack, c Config, dead awssqs.Queue) *times {
	awsscheduler.NewCfnScheduleGroup(stack, str("Times"), &awsscheduler.CfnScheduleGroupProps{Name: str(groupName(c))})
	t := &times{config: c, dead: dead, target: *stack.FormatArn(&awscdk.ArnComponents{
		Service: str("lambda"), Resource: str("function"), ResourceName: str(scheduledName(c)),
		ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
	})}
	t.role = awsiam.NewRole(stack, str("times-role"), &awsiam.RoleProps{
		AssumedBy:   onlySchedules(),
		Description: str("Lets one-time schedules invoke " + topology.Scheduled + ", or say that they could not"),
	})
	t.role.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: strs("lambda:InvokeFunction"), Resources: strs(t.target),
	}))
	t.role.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: strs("sqs:SendMessage"), Resources: &[]*string{dead.QueueArn()},
	}))
	return t
}

// onlySchedules lets schedules of this account take a role, and of no other (the confused deputy problem).
func onlySchedules() awsiam.IPrincipal {
	return awsiam.NewServicePrincipal(str("scheduler.amazonaws.com"), &awsiam.ServicePrincipalOpts{
		Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Aws_ACCOUNT_ID()}},
	})
}

// know adds the variables that functions make schedules with.
func (t *times) know(known map[string]*string) {
	known["SCHEDULER_TARGET_ARN"] = str(t.target)
	known["SCHEDULER_ROLE_ARN"] = t.role.RoleArn()
	known["SCHEDULER_DEAD_ARN"] = t.dead.QueueArn()
}

// permit lets a function make, change and delete schedules of the group, and hand them the role.
func (t *times) permit(stack awscdk.Stack, fn awslambda.Function) {
	fn.AddToRolePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: strs("scheduler:CreateSchedule", "scheduler:UpdateSchedule", "scheduler:DeleteSchedule"),
		Resources: &[]*string{stack.FormatArn(&awscdk.ArnComponents{
			Service: str("scheduler"), Resource: str("schedule"), ResourceName: str(groupName(t.config) + "/*"),
		})},
	}))
	fn.AddToRolePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: strs("iam:PassRole"), Resources: &[]*string{t.role.RoleArn()},
		// The role may be passed to the scheduler only.
		Conditions: &map[string]any{"StringEquals": map[string]any{"iam:PassedToService": "scheduler.amazonaws.com"}},
	}))
}
