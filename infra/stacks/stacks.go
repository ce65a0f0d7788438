// Package stacks turns the topology into CloudFormation: what keeps data, what answers requests, what runs behind, and
// what watches. One small stack each, because CloudFormation takes 500 resources a stack and because data must survive
// whatever happens to the rest.
package stacks

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

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
}

// Stages are the stages by name.
var Stages = map[string]Stage{
	"dev":  {Name: "dev", LogDays: 7},
	"prod": {Name: "prod", Protected: true, LogDays: 90},
}

// FromContext reads the configuration of an app. Errors name the context value that is missing or wrong.
func FromContext(app awscdk.App) (Config, error) {
	text := func(name, otherwise string) string {
		if v, ok := app.Node().TryGetContext(str(name)).(string); ok && v != "" {
			return v
		}
		return otherwise
	}
	stage, ok := Stages[text("stage", "dev")]
	if !ok {
		return Config{}, fmt.Errorf("context stage=%s: dev or prod", text("stage", ""))
	}
	c := Config{
		Stage: stage, Dist: text("dist", "dist"), Issuer: text("issuer", ""), Audience: list(text("audience", "")),
		Origins: list(text("origins", "http://localhost:3000")), MailFrom: text("mailFrom", "shop@example.com"),
		ShopName: text("shopName", "Dangol"), ShopURL: text("shopUrl", "https://shop.example.com"), TimeZone: text("timeZone", "Asia/Seoul"),
		LinkBase:    text("linkBase", text("shopUrl", "https://shop.example.com")),
		ShopContact: text("shopContact", "help@shop.example.com"), ShopImprint: text("shopImprint", ""),
		AlarmMail: text("alarmMail", ""), CallbackURL: list(text("callbackUrls", "http://localhost:3000/callback")),
	}
	return c, c.check()
}

func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

func (c Config) check() error {
	switch {
	case c.Issuer != "" && len(c.Audience) == 0:
		return fmt.Errorf("context audience: needed with issuer")
	case strings.Contains(strings.Join(c.Origins, ","), "*") && c.Stage.Protected:
		return fmt.Errorf("context origins: name the storefronts, no * in stage %s", c.Stage.Name)
	}
	return nil
}

// Built checks that every function has been built for deployment.
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
	watch := newWatch(app, props("observability", "alarms and dashboard"), c, s, async, api)
	return Stacks{Data: data, Async: async, API: api, Watch: watch}
}

// removal is what happens to what holds data when its stack goes.
func (c Config) removal() awscdk.RemovalPolicy {
	if c.Stage.Protected {
		return awscdk.RemovalPolicy_RETAIN
	}
	return awscdk.RemovalPolicy_DESTROY
}
