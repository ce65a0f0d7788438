// Package stacks turns the topology into CloudFormation: what keeps data, what answers requests, what runs behind, and
// what watches. One small stack each, because CloudFormation takes 500 resources a stack and because data must survive
// whatever happens to the rest.
package stacks

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"dangol/infra/topology"
)

// Stage is where the system runs.
type Stage struct {
	Name string
	// Protected stages keep their data whatever is deployed: deletion protection, point-in-time recovery, retained tables.
	Protected bool
	// LogDays is how long logs are kept.
	LogDays float64
	// WarmReads and WarmWrites are the units a second that each table takes at once, without growing into them; 0 leaves
	// it to DynamoDB. The figures of prod are those that an on-demand table has from its first day, so they cost nothing
	// and are only written down; before a launch raise them here, which is paid once.
	WarmReads, WarmWrites float64
}

// Config is what a deployment decides, by CDK context (-c name=value).
type Config struct {
	Stage       Stage
	Dist        string   // folder with <function>/bootstrap
	Issuer      string   // external OIDC issuer; empty for a Cognito pool of our own
	Audience    []string // accepted client ids of the external issuer
	Origins     []string // storefronts that may call the API from a browser
	MailFrom    string   // address that mails come from; its domain must be a verified SES identity
	ShopName    string   // as mails say it
	ShopURL     string   // the storefront
	LinkBase    string   // address that the API answers at, for links in mails; best on the storefront's domain
	ShopContact string   // where shoppers can write to
	ShopImprint string   // lines at the foot of mails (company, address, registration), separated by commas
	TimeZone    string   // the shop's
	AlarmMail   string   // who is told about alarms; empty for nobody
	CallbackURL []string // where the log-in page returns to
	LogoutURL   []string // where it returns to after log-out
	// AccountMail sends the mails about accounts (codes, invitations) through SES with the shop's sender. It needs a
	// verified domain and SES's production access. Otherwise Cognito sends them itself, 50 a day at most.
	AccountMail bool
	ShopColor   string // of buttons in mails
	ShopLinks   string // paths of the storefront that buttons in mails lead to
	ShopConfig  string // in place of shared/pricing/shop.json, packed (pricing.PackShop)
	GuardConfig string // JSON in place of shared/promotion/guard.json
	// OutreachConfig is JSON with caps, exceptions and the double opt-in (shared/outreach/policy, Config).
	OutreachConfig string
	// PushHosts are other push services than those of the browsers, with commas between them.
	PushHosts string
	// Model is the id of the language model of Bedrock that words the bot's answers; none when empty.
	Model string
	// ConnectInstance, ConnectFlow and ConnectNumber name the instance of Amazon Connect that calls shoppers back, its
	// contact flow and the number that is shown; agents dial by themselves when they are empty.
	ConnectInstance, ConnectFlow, ConnectNumber string
	// SMSOrigination is the ARN of the number, sender id or pool that codes by text message come from; numbers of
	// call-backs are not verified when it is empty.
	SMSOrigination string
	// InboundDomain is where replies to mails of conversations arrive, a domain of their own such as reply.example.com
	// whose MX record names SES; replies go to the shop's contact when it is empty.
	InboundDomain string
	CacheTTL      string // seconds that catalog and promotions may be old
	// CheckoutConcurrency keeps so many instances for checkouts, whatever the rest of the account does; 0 reserves none.
	// Lambda refuses it in an account with a limit below 100 and that number.
	CheckoutConcurrency float64
	// DetailedMetrics writes metrics of every route, for some 1.70 USD a route and month.
	DetailedMetrics bool
}

// Stages are the stages by name.
var Stages = map[string]Stage{
	"dev":     {Name: "dev", LogDays: 7},
	"staging": {Name: "staging", LogDays: 30},
	"prod":    {Name: "prod", Protected: true, LogDays: 90, WarmReads: 12_000, WarmWrites: 4_000},
}

// Built checks that every function has been built. Otherwise the CDK fails in the middle with a
// path only.
func (c Config) Built(s topology.System) error {
	for _, f := range s.Functions {
		path := filepath.Join(c.Dist, f.Name, "bootstrap")
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("%s is not there: run `make build` first", path)
		}
	}
	return nil
}

// Stacks are the stacks of one stage.
type Stacks struct {
	Data  *Data
	Async *Async
	API   *API
	Watch awscdk.Stack
}

// Build adds the stacks of the system to the app.
func Build(app awscdk.App, c Config, s topology.System) Stacks {
	props := func(part, what string) *awscdk.StackProps {
		return &awscdk.StackProps{
			StackName: str("dangol-" + c.Stage.Name + "-" + part), Description: str("Dangol: " + what),
			TerminationProtection: yes(c.Stage.Protected),
			Tags:                  &map[string]*string{"app": str("dangol"), "stage": str(c.Stage.Name)},
		}
	}
	data := newData(app, props("data", "tables and customers' accounts"), c, s)
	async := newAsync(app, props("async", "bus, queues and the functions behind them"), c, s, data)
	api := newAPI(app, props("api", "HTTP API and its functions"), c, s, data, async)
	watch := newWatch(app, props("observability", "alarms and dashboard"), c, s, data, async, api)
	return Stacks{Data: data, Async: async, API: api, Watch: watch}
}

// removal says what happens to data when its stack is deleted: kept in protected stages.
func (c Config) removal() awscdk.RemovalPolicy {
	if c.Stage.Protected {
		return awscdk.RemovalPolicy_RETAIN
	}
	return awscdk.RemovalPolicy_DESTROY
}
