package stacks_test

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"dangol/infra/stacks"
	"dangol/infra/topology"
	"dangol/shared/payment/stripe"
)

// The tests of this file hold docs/deploy.md against the templates, section by section: who deploys for the first time
// has nothing else.

func TestTheGuideNamesTheStacksAndTheirOutputs(t *testing.T) {
	s := must(t, ofDev)
	page := guide(t)
	for _, stack := range all(s) {
		part := strings.TrimPrefix(*stack.StackName(), "dangol-dev")
		if !strings.HasPrefix(*stack.StackName(), "dangol-dev-") || !strings.Contains(page, "`"+part+"`") &&
			!strings.Contains(page, "`dangol-<stage>"+part+"`") {
			t.Errorf("the guide does not name the stack %s", *stack.StackName())
		}
	}
	api := templateOf(t, s.API.Stack).Outputs
	for _, name := range []string{"Url", "SocketUrl"} {
		if api[name].Value == nil {
			t.Errorf("the API stack has no output %s", name)
		}
	}
	data := templateOf(t, s.Data.Stack).Outputs
	for _, name := range []string{"Pool", "Issuer", "LoginUrl", "StorefrontClient", "ConsoleClient", "MediaBucket",
		"ChatBucket", "InboundBucket"} {
		if data[name].Value == nil {
			t.Errorf("the data stack has no output %s", name)
		}
	}
	for _, m := range regexp.MustCompile(`OutputKey=='(\w+)'`).FindAllStringSubmatch(page, -1) {
		if data[m[1]].Value == nil {
			t.Errorf("a command of the guide reads the output %s, which the data stack does not have", m[1])
		}
	}
	// CloudFormation deletes no bucket that has files, and SES no active set of rules.
	down := section(t, page, "## Taking dev down")
	for name := range data {
		if strings.HasSuffix(name, "Bucket") && !strings.Contains(down, name) {
			t.Errorf("taking a stage down does not empty %s", name)
		}
	}
	if !strings.Contains(down, "set-active-receipt-rule-set") {
		t.Error("taking a stage down leaves its rules for inbound mails active")
	}
	// Values of the importer's command.
	for _, name := range []string{"Url", "LoginUrl", "ConsoleClient"} {
		if !strings.Contains(section(t, page, "## Products"), "<"+name+">") {
			t.Errorf("the importer's command does not take %s", name)
		}
	}
}

func TestTheTableOfStagesIsTrue(t *testing.T) {
	dev, protected := must(t, ofDev), synth(t)
	kept := func(s stacks.Stacks, kinds ...string) (policies []string) {
		for _, kind := range kinds {
			for _, r := range everywhere(t, s, kind) {
				policies = append(policies, r.DeletionPolicy)
			}
		}
		slices.Sort(policies)
		return slices.Compact(policies)
	}
	data := []string{"AWS::DynamoDB::GlobalTable", "AWS::Cognito::UserPool", "AWS::Logs::LogGroup", "AWS::S3::Bucket"}
	if got := kept(dev, data...); !slices.Equal(got, []string{"Delete"}) {
		t.Errorf("dev keeps %v", got)
	}
	if got := kept(protected, data...); !slices.Equal(got, []string{"Retain"}) {
		t.Errorf("prod keeps %v", got)
	}
	for stage, s := range map[string]stacks.Stacks{"dev": dev, "prod": protected} {
		isProd := stage == "prod"
		for _, stack := range all(s) {
			if *stack.TerminationProtection() != isProd {
				t.Errorf("%s: termination protection %v", *stack.StackName(), !isProd)
			}
		}
		for id, pool := range everywhere(t, s, "AWS::Cognito::UserPool") {
			if active := pool.Properties["DeletionProtection"] == "ACTIVE"; active != isProd {
				t.Errorf("%s: %v", id, pool.Properties["DeletionProtection"])
			}
		}
		for id, table := range everywhere(t, s, "AWS::DynamoDB::GlobalTable") {
			text := compact(table.Properties)
			if strings.Contains(text, `"DeletionProtectionEnabled":true`) != isProd {
				t.Errorf("%s: deletion protection %v", id, !isProd)
			}
			if !strings.Contains(text, `"PointInTimeRecoveryEnabled":true`) || !strings.Contains(text, `"SSEEnabled":true`) {
				t.Errorf("%s: every stage has point-in-time recovery and a KMS key: %s", id, text)
			}
			warm := strings.Contains(text, `"ReadUnitsPerSecond":12000`) && strings.Contains(text, `"WriteUnitsPerSecond":4000`)
			if warm != isProd || isProd == !strings.Contains(text, "WarmThroughput") {
				t.Errorf("%s: warm throughput %v", id, warm)
			}
			// The table refuses what one of its indexes cannot take.
			for _, index := range table.Properties["GlobalSecondaryIndexes"].([]any) {
				if own := index.(map[string]any)["WarmThroughput"]; compact(own) != compact(table.Properties["WarmThroughput"]) {
					t.Errorf("%s: an index is as warm as %s", id, compact(own))
				}
			}
		}
		for id, api := range everywhere(t, s, "AWS::ApiGatewayV2::Stage") {
			if text := compact(api.Properties["DefaultRouteSettings"]); !strings.Contains(text, `"ThrottlingRateLimit":500`) ||
				!strings.Contains(text, `"ThrottlingBurstLimit":1000`) {
				t.Errorf("%s: %s", id, text)
			}
		}
	}
	days := map[string]float64{"dev": 7, "staging": 30, "prod": 90}
	for name, want := range days {
		if got := stacks.Stages[name].LogDays; got != want {
			t.Errorf("%s keeps logs for %v days, the guide says %v", name, got, want)
		}
	}
	if _, c, err := configure(with(prod, "stage", "dev", "origins", "*")); err != nil || c.Origins[0] != "*" {
		t.Errorf("dev refuses every origin: %v", err)
	}
	table := section(t, guide(t), "### Stages")
	for _, text := range []string{"7 days, 30 days", "3 months", "12,000 reads and 4,000 writes", "500/s, burst 1,000"} {
		if !strings.Contains(table, text) {
			t.Errorf("the table does not say %q", text)
		}
	}
}

func TestTheGuideListsTheWebhookEventsThatTheCodeActsOn(t *testing.T) {
	var listed []string
	_, list, _ := strings.Cut(section(t, guide(t), "## Payments"), "/payments/webhooks/stripe`")
	list, _, _ = strings.Cut(list, "Others are accepted")
	listed = quoted(list)
	slices.Sort(listed)
	if want := stripe.WebhookEvents(); !slices.Equal(listed, want) {
		t.Errorf("the guide lists\n%v, the code acts on\n%v", listed, want)
	}
}

func TestTheSecretsAreWhereTheGuidePutsThem(t *testing.T) {
	const folder = "/dangol/dev/payments"
	s := must(t, ofDev)
	readers := 0
	for id, p := range everywhere(t, s, "AWS::IAM::Policy") {
		text := compact(p.Properties["PolicyDocument"])
		if !strings.Contains(text, "ssm:GetParametersByPath") {
			continue
		}
		readers++
		if !strings.Contains(text, `:parameter`+folder+`"`) {
			t.Errorf("%s reads elsewhere: %s", id, text)
		}
	}
	if readers == 0 {
		t.Error("nobody reads the secrets")
	}
	for id, fn := range everywhere(t, s, "AWS::Lambda::Function") {
		if text := compact(fn.Properties["Environment"]); strings.Contains(text, "PAYMENT_SECRETS") &&
			!strings.Contains(text, `"PAYMENT_SECRETS":"`+folder+`"`) {
			t.Errorf("%s looks elsewhere: %s", id, text)
		}
	}
	for _, name := range []string{"STRIPE_KEY", "STRIPE_WEBHOOK_SECRET"} {
		if !strings.Contains(guide(t), "--type SecureString --name "+folder+"/"+name) {
			t.Errorf("the guide does not store %s there", name)
		}
	}
}

func TestTheMailerSendsFromTheShopsDomainAndNothingElse(t *testing.T) {
	senders := map[string]bool{}
	for id, p := range everywhere(t, must(t, ofDev), "AWS::IAM::Policy") {
		for _, s := range statements(p.Properties["PolicyDocument"]) {
			if !strings.Contains(compact(s["Action"]), "ses:SendEmail") {
				continue
			}
			senders[id] = true
			resources, conditions := compact(s["Resource"]), compact(s["Condition"])
			switch {
			case strings.Contains(resources, ":identity/shop.example.com") &&
				strings.Contains(resources, ":configuration-set/"):
			// A verified address in the sandbox, from the shop's own sender.
			case strings.Contains(resources, ":identity/*") &&
				strings.Contains(conditions, `"ses:FromAddress":"*@shop.example.com"`):
			default:
				t.Errorf("%s may send with %s where %s", id, resources, conditions)
			}
		}
	}
	if len(senders) != 1 || !strings.Contains(fmt.Sprint(senders), "mailerrole") {
		t.Errorf("mails are sent by %v", senders)
	}
}

func TestMailsAboutAccountsHaveTheSenderOfTheGuide(t *testing.T) {
	for id, pool := range everywhere(t, must(t, ofDev), "AWS::Cognito::UserPool") {
		if mail := compact(pool.Properties["EmailConfiguration"]); strings.Contains(mail, "DEVELOPER") {
			t.Errorf("%s: Cognito is the default: %s", id, mail)
		}
	}
	s, err := synthesize(with(prod, "accountMail", "ses", "shopName", "Haneul", "shopContact", "help@shop.example.com"),
		false)
	if err != nil {
		t.Fatal(err)
	}
	for id, pool := range everywhere(t, s, "AWS::Cognito::UserPool") {
		mail := compact(pool.Properties["EmailConfiguration"])
		for _, want := range []string{`"EmailSendingAccount":"DEVELOPER"`, `"From":"Haneul <hello@shop.example.com>"`,
			`"ReplyToEmailAddress":"help@shop.example.com"`, ":identity/shop.example.com"} {
			if !strings.Contains(mail, want) {
				t.Errorf("%s: %s is not in %s", id, want, mail)
			}
		}
	}
}

// The custom message trigger: the pool names the function, and Cognito may invoke it for this pool alone.
func TestTheUserPoolAsksForTheWordsOfItsMails(t *testing.T) {
	data := must(t, ofDev).Data.Stack
	for poolID, pool := range resources(t, data, "AWS::Cognito::UserPool") {
		triggers, _ := pool.Properties["LambdaConfig"].(map[string]any)
		function := attribute(triggers["CustomMessage"])
		if len(triggers) != 1 || !strings.HasPrefix(function, "accountmessages") {
			t.Errorf("%s has the triggers %v", poolID, triggers)
		}
		permissions := resources(t, data, "AWS::Lambda::Permission")
		for id, p := range permissions {
			if p.Properties["Principal"] != "cognito-idp.amazonaws.com" || attribute(p.Properties["SourceArn"]) != poolID ||
				attribute(p.Properties["FunctionName"]) != function || p.Properties["Action"] != "lambda:InvokeFunction" {
				t.Errorf("%s: %s", id, compact(p.Properties))
			}
		}
		if len(permissions) != 1 {
			t.Errorf("%d permissions", len(permissions))
		}
		if compact(pool.Properties["Policies"]) == "" ||
			!strings.Contains(compact(pool.Properties["Policies"]), `"TemporaryPasswordValidityDays":7`) {
			t.Errorf("the invitation says 7 days: %s", compact(pool.Properties["Policies"]))
		}
	}
}

// consoleScopes are those of the client for operators.
const consoleScopes = "openid email aws.cognito.signin.user.admin shop/customer shop/agent shop/merchant"

func TestLogInIsAsTheGuideSays(t *testing.T) {
	data := must(t, ofDev).Data.Stack
	for id, pool := range resources(t, data, "AWS::Cognito::UserPool") {
		if pool.Properties["MfaConfiguration"] != "OPTIONAL" ||
			compact(pool.Properties["EnabledMfas"]) != `["SOFTWARE_TOKEN_MFA"]` {
			t.Errorf("%s: one-time passwords %v %v", id, pool.Properties["MfaConfiguration"], pool.Properties["EnabledMfas"])
		}
	}
	scopes := map[string]string{
		"Storefront": "openid email shop/customer",
		"Console":    consoleScopes,
	}
	for id, c := range resources(t, data, "AWS::Cognito::UserPoolClient") {
		var got []string
		for _, s := range c.Properties["AllowedOAuthScopes"].([]any) {
			text := compact(s)
			if last := text[strings.LastIndex(text, "/")+1:]; strings.Contains(text, "Fn::Join") {
				text = "shop/" + strings.TrimRight(last, `"]}`)
			}
			got = append(got, strings.Trim(text, `"`))
		}
		for name, want := range scopes {
			if strings.Contains(id, name) && strings.Join(got, " ") != want {
				t.Errorf("%s may ask for %v, want %s", id, got, want)
			}
		}
		if flows := compact(c.Properties["AllowedOAuthFlows"]); flows != `["code"]` {
			t.Errorf("%s logs in by %s", id, flows)
		}
		if c.Properties["GenerateSecret"] == true {
			t.Errorf("%s has a secret, which a page cannot keep", id)
		}
	}
	var groups []string
	for _, g := range resources(t, data, "AWS::Cognito::UserPoolGroup") {
		groups = append(groups, fmt.Sprint(g.Properties["GroupName"]))
	}
	if slices.Sort(groups); !slices.Equal(groups, []string{"agent", "merchant"}) {
		t.Errorf("groups %v", groups)
	}
	for id, domain := range resources(t, data, "AWS::Cognito::UserPoolDomain") {
		if text := compact(domain.Properties["Domain"]); !strings.Contains(text, `"dangol-dev-",{"Ref":"AWS::AccountId"}`) {
			t.Errorf("%s: %s", id, text)
		}
	}
}

// alarmTitle is the first words of an alarm as the guide's table has them; X stands for a name.
func alarmTitle(cell string) *regexp.Regexp {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(strings.Trim(cell, "*")), "X", `[\w-]+`))
}

func TestTheGuideExplainsEveryAlarmAndNoOther(t *testing.T) {
	table := rows(section(t, guide(t), "## When an alarm rings"))
	used := make([]bool, len(table))
	for id, a := range resources(t, must(t, ofDev).Watch, "AWS::CloudWatch::Alarm") {
		what := fmt.Sprint(a.Properties["AlarmDescription"])
		i := slices.IndexFunc(table, func(row []string) bool { return alarmTitle(row[0]).MatchString(what) })
		if i < 0 {
			t.Errorf("the guide does not explain %s: %s", id, what)
			continue
		}
		used[i] = true
		// An alarm on a metric of the shop's own is looked for by its name.
		name := fmt.Sprint(a.Properties["MetricName"])
		if a.Properties["Namespace"] == "Dangol" && !strings.Contains(table[i][1], "`"+name+"`") {
			t.Errorf("the row %s does not name the metric %s", table[i][0], name)
		}
	}
	for i, row := range table {
		if !used[i] {
			t.Errorf("there is no alarm %s", row[0])
		}
	}
}

// TestTheLimitsOfAlarmsAreThoseOfTheGuide: the figures that the table names, by the alarm's first words.
func TestTheLimitsOfAlarmsAreThoseOfTheGuide(t *testing.T) {
	want := map[string]struct {
		said               string
		above              float64
		seconds, inARow    float64
		statistic, missing string
	}{
		"Function carts fails": {"more than 3 errors in 5 minutes, twice", 3, 300, 2, "Sum",
			"notBreaching"},
		"Function carts is throttled": {"ran out of concurrency", 0, 300, 2, "Sum", "notBreaching"},
		"Function carts is close to its timeout": {"p99 above 80 % of it, twice", 0.8 * timeoutOf("carts") * 1000,
			300, 2, "p99", "notBreaching"},
		"Function relay is more than five minutes behind": {"twice in a row", 5 * 60 * 1000, 300, 2, "Maximum",
			"notBreaching"},
		"The API answers with server errors": {"more than 5 in 5 minutes", 5, 300, 1, "Sum", "notBreaching"},
		"Function sweeper has not run":       {"no run in ten minutes", 1, 300, 2, "Sum", "breaching"},
		"Function billing has not run":       {"no run in two days", 1, 86_400, 2, "Sum", "breaching"},
		"Work waits in the queue of mailer": {"more than 15 minutes old, twice", 900, 300, 2, "Maximum",
			"notBreaching"},
		"Table Commerce refuses work: TransactionConflict": {"more than 50 transactions conflicted in 5 minutes, twice", 50,
			300,
			2, "Sum", "notBreaching"},
		"Table Commerce refuses work: WriteThrottleEvents": {"throttled reads or writes", 0, 300, 2, "Sum", "notBreaching"},
		"Events do not reach function mailer": {"could not hand an event over", 0, 300, 1, "Sum",
			"notBreaching"},
		"Something waits in due-dead": {"is not empty", 0, 300, 1, "Maximum", "notBreaching"},
		"Shoppers wait longer":        {"more than 5 in 5 minutes", 5, 300, 1, "Sum", "notBreaching"},
		"Many mails to the shop's":    {"more than 20 in 5 minutes", 20, 300, 1, "Sum", "notBreaching"},
	}
	table := rows(section(t, guide(t), "## When an alarm rings"))
	for id, a := range resources(t, must(t, ofDev).Watch, "AWS::CloudWatch::Alarm") {
		p := a.Properties
		what := fmt.Sprint(p["AlarmDescription"])
		for begins, w := range want {
			if !strings.HasPrefix(what, begins) {
				continue
			}
			delete(want, begins)
			statistic, _ := p["Statistic"].(string)
			if extended, ok := p["ExtendedStatistic"].(string); ok {
				statistic = extended
			}
			if p["Threshold"] != w.above || p["Period"] != w.seconds || p["EvaluationPeriods"] != w.inARow ||
				statistic != w.statistic || p["TreatMissingData"] != w.missing {
				t.Errorf("%s: %v, %v x %v s, %s, missing data %v; want %+v", id, p["Threshold"], p["EvaluationPeriods"],
					p["Period"], statistic, p["TreatMissingData"], w)
			}
			i := slices.IndexFunc(table, func(row []string) bool { return alarmTitle(row[0]).MatchString(what) })
			if i < 0 || !strings.Contains(table[i][1], w.said) {
				t.Errorf("the guide does not say %q of %s", w.said, begins)
			}
		}
	}
	for begins := range want {
		t.Errorf("there is no alarm %s", begins)
	}
}

func timeoutOf(function string) float64 {
	f, _ := topology.Dangol.Function(function)
	return f.Timeout.Seconds()
}

// TestTheGuideSaysHowEachDeadLetterQueueIsEmptied: each queue with its stack and the name in its address.
func TestTheGuideSaysHowEachDeadLetterQueueIsEmptied(t *testing.T) {
	text := section(t, guide(t), "### Dead-letter queues")
	s := must(t, ofDev)
	stackOf := map[string]string{}
	for _, stack := range all(s) {
		for id := range resources(t, stack, "AWS::SQS::Queue") {
			stackOf[strings.TrimPrefix(id[:len(id)-8], "queue")] = strings.TrimPrefix(*stack.StackName(), "dangol-dev-")
		}
	}
	known := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(s.Async.Dead)) {
		short := strings.ReplaceAll(name, "-", "")
		want := "`" + name + "` (`" + short + "`"
		if stackOf[short] == "api" {
			want += ", stack `api`)"
		} else {
			want += ")"
		}
		known[name] = true
		if !strings.Contains(text, want) {
			t.Errorf("the guide has no %s", want)
		}
	}
	for _, row := range rows(text) {
		for _, name := range quoted(row[0]) {
			if strings.Contains(name, "-dead") && !known[name] {
				t.Errorf("there is no queue %s", name)
			}
		}
	}
	for id, q := range everywhere(t, s, "AWS::SQS::Queue") {
		if strings.Contains(id, "dead") && q.Properties["MessageRetentionPeriod"] != 14*86_400.0 {
			t.Errorf("%s keeps messages for %v seconds, not 14 days", id, q.Properties["MessageRetentionPeriod"])
		}
	}
}

// TestTheCostsOfTheGuideAddUp checks each row and the sum; the counts are measured by `make bench BENCH=costs`.
func TestTheCostsOfTheGuideAddUp(t *testing.T) {
	text := section(t, guide(t), "## What it costs")
	number := func(cell string) float64 {
		m := regexp.MustCompile(`[0-9][0-9,]*(?:\.[0-9]+)?`).FindString(cell)
		n, err := strconv.ParseFloat(strings.ReplaceAll(m, ",", ""), 64)
		if err != nil {
			t.Fatalf("%q has no number", cell)
		}
		return n
	}
	sum := 0.0
	for _, row := range rows(text) {
		if strings.HasPrefix(row[0], "**") {
			if said := number(row[len(row)-1]); math.Abs(said-sum) > 0.025 {
				t.Errorf("the rows add up to %.2f, the guide says %.2f", sum, said)
			}
			continue
		}
		count, price, usd := number(row[1]), number(row[2]), number(row[3])
		switch {
		case strings.Contains(row[2], "per million"):
			price /= 1e6
		case strings.Contains(row[2], "per thousand"):
			price /= 1e3
		}
		// To the cent; what is less than one is written as one.
		if exact := max(count*price, 0.01); math.Abs(exact-usd) > 0.0051 {
			t.Errorf("%s: %v x %v is %.3f, the guide says %.2f", row[0], count, row[2], count*price, usd)
		}
		sum += usd
	}
	if sum == 0 {
		t.Error("no costs")
	}
	// Units of an order times a thousand are the counts of the first two rows.
	units := regexp.MustCompile(`\*\*(\d+) write units, (\d+) read units\*\*, (\d+) requests`).FindStringSubmatch(text)
	if units == nil {
		t.Fatal("the guide does not say what an order needs")
	}
	for i, row := range rows(text)[:3] {
		if number(units[i+1])*1000 != number(row[1]) {
			t.Errorf("%s: %s for 1,000 orders of %s each", row[0], row[1], units[i+1])
		}
	}
	alarms := regexp.MustCompile(`about (\d+) alarms \(([0-9.]+) a month`).FindStringSubmatch(text)
	if alarms == nil || math.Abs(number(alarms[1])*0.1-number(alarms[2])) > 0.001 {
		t.Errorf("an alarm is 0.10 a month: %v", alarms)
	}
}
