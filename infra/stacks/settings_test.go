package stacks_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dangol/infra/stacks"
	"dangol/infra/topology"
	"dangol/shared/pricing"
)

// guide is docs/deploy.md.
func guide(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("../../docs/deploy.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// section is the part of a page below a heading, up to the next one.
func section(t *testing.T, page, heading string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, "\n"+heading+"\n")
	if !ok {
		t.Fatalf("docs/deploy.md has no %q", heading)
	}
	level := heading[:strings.Index(heading, " ")]
	if end := regexp.MustCompile(`(?m)^#{1,` + fmt.Sprint(len(level)) + `} `).FindStringIndex(rest); end != nil {
		rest = rest[:end[0]]
	}
	return rest
}

// rows are the cells of the rows of the first table in a text, without its head.
func rows(text string) (all [][]string) {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, "|") {
			lines = append(lines, line)
		} else if len(lines) > 0 {
			break
		}
	}
	for _, line := range lines[min(2, len(lines)):] {
		cells := strings.Split(strings.Trim(line, "|"), " | ")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		all = append(all, cells)
	}
	return all
}

var inBackticks = regexp.MustCompile("`([^`]+)`")

// quoted are the texts in backticks.
func quoted(text string) (all []string) {
	for _, m := range inBackticks.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	return all
}

// settings has a value for each setting of the guide, and what of the configuration or of a function's variables it
// becomes.
var settings = map[string]struct {
	value    string
	variable string // of the functions that read it; empty when it is none
	becomes  string // the variable's value; as given when empty
}{
	"stage": {value: "prod", variable: "STAGE"}, "origins": {value: "https://a.example,https://b.example"},
	"callbackUrls":  {value: "https://a.example/callback"},
	"logoutUrls":    {value: "https://a.example/bye"},
	"mailFrom":      {value: "hello@a.example", variable: "MAIL_FROM"},
	"shopName":      {value: "Haneul", variable: "SHOP_NAME"},
	"shopUrl":       {value: "https://a.example", variable: "SHOP_URL"},
	"linkBase":      {value: "https://api.a.example", variable: "LINK_BASE"},
	"shopContact":   {value: "help@a.example", variable: "SHOP_CONTACT"},
	"shopImprint":   {value: "Haneul Inc.,Seoul", variable: "SHOP_IMPRINT"},
	"shopColor":     {value: "#123456", variable: "SHOP_COLOR"},
	"shopLinks":     {value: "order=/bestellung/{id}", variable: "SHOP_LINKS"},
	"accountMail":   {value: "ses"},
	"shopConfig":    {value: "../../shared/pricing/shop.json", variable: "SHOP_CONFIG", becomes: "gzip:"},
	"guardConfig":   {value: "../../shared/promotion/guard.json", variable: "GUARD_CONFIG", becomes: `{"timeZone":`},
	"pushHosts":     {value: "push.a.example", variable: "PUSH_HOSTS"},
	"model":         {value: "apac.anthropic.claude-3-haiku", variable: "BEDROCK_MODEL"},
	"connectFlow":   {value: "flow-1", variable: "CONNECT_FLOW"},
	"connectNumber": {value: "+8225550000", variable: "CONNECT_NUMBER"},
	"outreachConfig": {value: `{ "max": 3, "reserved": 1, "days": 7 }`, variable: "OUTREACH_CONFIG",
		becomes: `{"max":3,"reserved":1,"days":7}`},
	"connectInstance": {value: "instance-1", variable: "CONNECT_INSTANCE"},
	"smsOrigination": {value: "arn:aws:sms-voice:ap-northeast-2:111122223333:sender-id/DANGOL/KR",
		variable: "SMS_ORIGINATION"},
	"inboundDomain":   {value: "reply.a.example", variable: "INBOUND_DOMAIN"},
	"catalogCacheTtl": {value: "5", variable: "CATALOG_CACHE_TTL"},
	// Lambda refuses it in accounts with a small limit, so it is none of the others.
	"checkoutConcurrency": {value: "20"},
	"detailedMetrics":     {value: "true"},
	"timeZone":            {value: "America/New_York", variable: "SHOP_TIMEZONE"},
	"alarmMail":           {value: "oncall@a.example"},
	"issuer":              {value: "https://id.a.example"},
	"audience":            {value: "client-1,client-2"},
	"dist":                {},
}

// everySetting is a context with all of them.
func everySetting() map[string]any {
	context := map[string]any{}
	for name, s := range settings {
		if s.value != "" {
			context[name] = s.value
		}
	}
	return context
}

func TestTheGuideListsEverySettingAndNoOther(t *testing.T) {
	var listed []string
	for _, row := range rows(section(t, guide(t), "## Settings")) {
		listed = append(listed, quoted(row[0])...)
	}
	slices.Sort(listed)
	if want := slices.Sorted(maps.Keys(settings)); !slices.Equal(listed, want) {
		t.Errorf("the guide lists\n%v, tested are\n%v", listed, want)
	}
	source, err := os.ReadFile("settings.go")
	if err != nil {
		t.Fatal(err)
	}
	var read []string
	for _, m := range regexp.MustCompile(`text\("(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		read = append(read, m[1])
	}
	slices.Sort(read)
	if read = slices.Compact(read); !slices.Equal(listed, read) {
		t.Errorf("the guide lists\n%v, the app reads\n%v", listed, read)
	}
}

func TestTheGuideSaysTheDefaultOfEachSetting(t *testing.T) {
	_, c, err := configure(map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	actual := map[string]string{
		"stage": c.Stage.Name, "origins": strings.Join(c.Origins, ","), "callbackUrls": strings.Join(c.CallbackURL, ","),
		"mailFrom": c.MailFrom, "shopName": c.ShopName, "shopUrl": c.ShopURL, "shopContact": c.ShopContact,
		"timeZone": c.TimeZone, "detailedMetrics": fmt.Sprint(c.DetailedMetrics), "dist": c.Dist,
		"accountMail": map[bool]string{false: "cognito", true: "ses"}[c.AccountMail],
	}
	for _, row := range rows(section(t, guide(t), "## Settings")) {
		names, defaults := quoted(row[0]), quoted(row[1])
		for i, name := range names {
			want, known := actual[name]
			if !known {
				continue // its default is in the function that reads it
			}
			delete(actual, name)
			if i >= len(defaults) || defaults[i] != want {
				t.Errorf("the guide gives %s the default %v, it is %q", name, defaults, want)
			}
		}
	}
	for name := range actual {
		t.Errorf("the guide has no row for %s", name)
	}
	if c.LinkBase != c.ShopURL || !slices.Equal(c.LogoutURL, c.CallbackURL) {
		t.Errorf("linkBase %q, logoutUrls %q follow from others", c.LinkBase, c.LogoutURL)
	}
}

// TestEverySettingReachesWhatItConfigures deploys a shop with all settings: each variable has its value in every
// function that reads it, and what is no variable is looked up where CloudFormation has it.
func TestEverySettingReachesWhatItConfigures(t *testing.T) {
	s := must(t, ofEverySetting)
	read := map[string]string{} // variable: value in the first function that has it
	for id, fn := range everywhere(t, s, "AWS::Lambda::Function") {
		env, _ := fn.Properties["Environment"].(map[string]any)
		variables, _ := env["Variables"].(map[string]any)
		size := 0
		for name, value := range variables {
			text, ok := value.(string)
			if !ok {
				// A name or address that CloudFormation fills in. The longest is a queue's address, 150 characters.
				text = strings.Repeat("x", 150*strings.Count(compact(value), `"Fn::ImportValue"`)+
					150*strings.Count(compact(value), `"Ref"`)+len(compact(value))/2)
			} else if before, twice := read[name]; twice && before != text {
				t.Errorf("%s: %s is %q, elsewhere %q", id, name, text, before)
			} else {
				read[name] = text
			}
			size += len(name) + len(text)
		}
		if size > 4<<10 {
			t.Errorf("the variables of %s have %d bytes, Lambda takes 4 KB", id, size)
		}
	}
	for name, setting := range settings {
		if setting.variable == "" {
			continue
		}
		want := setting.becomes
		if want == "" {
			want = setting.value
		}
		if got := read[setting.variable]; !strings.HasPrefix(got, want) {
			t.Errorf("%s=%s: %s is %q", name, setting.value, setting.variable, got)
		}
	}
	shop, err := pricing.LoadShop(read["SHOP_CONFIG"])
	if want, _ := pricing.DefaultShop(); err != nil || len(shop.Zones) != len(want.Zones) {
		t.Errorf("the shop's configuration does not come back: %v", err)
	}
	if read["MAIL_REPLY_TO"] != "help@a.example" || read["JWT_ISSUER"] != "https://id.a.example" ||
		read["JWT_CLIENTS"] != "client-1,client-2" {
		t.Errorf("replies to %q, issuer %q, clients %q", read["MAIL_REPLY_TO"], read["JWT_ISSUER"], read["JWT_CLIENTS"])
	}
	for _, c := range []struct{ name, kind, want string }{
		{"origins", "AWS::ApiGatewayV2::Api", `"AllowOrigins":["https://a.example","https://b.example"]`},
		{"origins of uploads", "AWS::S3::Bucket", `"AllowedOrigins":["https://a.example","https://b.example"]`},
		// The agents' page, which sends files too, is on the API's own address.
		{"linkBase", "AWS::S3::Bucket", `"AllowedOrigins":["https://a.example","https://b.example","https://api.a.example"]`},
		{"detailedMetrics", "AWS::ApiGatewayV2::Stage", `"DetailedMetricsEnabled":true`},
		{"checkoutConcurrency", "AWS::Lambda::Function", `"ReservedConcurrentExecutions":20`},
		{"alarmMail", "AWS::SNS::Subscription", `"Endpoint":"oncall@a.example","Protocol":"email"`},
		{"issuer and audience", "AWS::ApiGatewayV2::Authorizer",
			`"Audience":["client-1","client-2"],"Issuer":"https://id.a.example"`},
		{"model", "AWS::IAM::Policy", "foundation-model/anthropic.claude-3-haiku"},
		{"model of a geography", "AWS::IAM::Policy", "inference-profile/apac.anthropic.claude-3-haiku"},
		{"connectInstance", "AWS::IAM::Policy", ":instance/instance-1/contact/*"},
		{"inboundDomain", "AWS::SES::ReceiptRule", `"Recipients":["reply.a.example"]`},
		{"mailFrom", "AWS::IAM::Policy", ":identity/a.example"},
	} {
		if !slices.ContainsFunc(values(everywhere(t, s, c.kind)), func(r resource) bool {
			return strings.Contains(compact(r.Properties), c.want)
		}) {
			t.Errorf("%s: no %s has %s", c.name, c.kind, c.want)
		}
	}
	// With an issuer of its own the shop has no pool, and nothing that only the pool uses.
	for _, kind := range []string{"AWS::Cognito::UserPool", "AWS::Cognito::UserPoolClient"} {
		if found := everywhere(t, s, kind); len(found) != 0 {
			t.Errorf("%s beside another issuer: %v", kind, found)
		}
	}
	if n := len(everywhere(t, s, "AWS::Lambda::Function")); n != len(topology.Dangol.Functions)-1 {
		t.Errorf("%d functions, want all but account-messages", n)
	}
}

func TestASettingThatCouldNotWorkStopsTheSynthesis(t *testing.T) {
	file := filepath.Join(t.TempDir(), "shop.json")
	if err := os.WriteFile(file, []byte(`{"languages":["ko"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, value, want string }{
		{"stage", "production", "dev, staging or prod"},
		{"origins", "*", "name the storefronts"},
		{"issuer", "https://id.a.example", "audience"},
		{"mailFrom", "Haneul <hello@a.example>", "without a name"},
		{"mailFrom", "hello", "mailFrom"},
		{"timeZone", "Asia/Seol", "IANA"},
		{"timeZone", "Local", "IANA"},
		{"catalogCacheTtl", "two", "catalogCacheTtl"},
		{"catalogCacheTtl", "-1", "catalogCacheTtl"},
		{"checkoutConcurrency", "many", "checkoutConcurrency"},
		{"accountMail", "SES", "cognito or ses"},
		{"detailedMetrics", "yes", "true or false"},
		{"shopColor", "green", "shopColor"},
		{"shopLinks", "orders=/o/{id}", "shopLinks"},
		{"shopLinks", "order=/o", "no {id}"},
		{"shopConfig", "{}", "shopConfig"},
		{"shopConfig", file, "shopConfig"},
		{"shopConfig", file + ".gone", "shopConfig"},
		{"guardConfig", `{"timeZone":"Asia/Seoul","windowDays":-1}`, "windowDays"},
		{"guardConfig", "guard", "guardConfig"},
		{"outreachConfig", `{"max":"four"}`, "outreachConfig"},
		// A browser's origin has no path, and links put theirs behind the address.
		{"origins", "https://a.example/", "origins"},
		{"origins", "a.example", "origins"},
		{"linkBase", "https://api.a.example/", "linkBase"},
		{"linkBase", "api.a.example", "linkBase"},
		{"shopUrl", "https://a.example/?from=mail", "shopUrl"},
		// API Gateway and Cognito refuse these in the middle of a deployment.
		{"origins", "https://*.a.example", "origins"},
		{"callbackUrls", "https://a.example/callback,http://a.example/callback", "callbackUrls"},
		{"callbackUrls", "/callback", "callbackUrls"},
		{"logoutUrls", "https://a.example/#bye", "logoutUrls"},
		{"linkBase", "http://api.a.example", "linkBase"},
	} {
		t.Run(c.name+"="+c.value, func(t *testing.T) {
			if _, _, err := configure(with(prod, c.name, c.value)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v does not say %q", err, c.want)
			}
		})
	}
	// What they do take stays allowed, and another issuer has rules of its own.
	for _, c := range []map[string]any{
		with(prod, "callbackUrls", "http://localhost:5173/callback,shopapp://callback"),
		with(prod, "stage", "dev", "origins", "https://*"),
		with(prod, "issuer", "https://id.a.example", "audience", "a", "callbackUrls", "http://10.0.0.7/callback"),
	} {
		if _, _, err := configure(c); err != nil {
			t.Errorf("%v: %v", c, err)
		}
	}
}

// TestASettingThatIsNoTextStopsTheSynthesis: cdk.json may have objects, numbers and booleans, and a shop whose taxes
// were given as an object would run with those of the example.
func TestASettingThatIsNoTextStopsTheSynthesis(t *testing.T) {
	for name, value := range map[string]any{
		"shopConfig": map[string]any{"languages": []any{"ko"}}, "checkoutConcurrency": 20, "detailedMetrics": true,
		"stage": []any{"prod"},
	} {
		context := with(prod)
		context[name] = value
		if _, _, err := configure(context); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%v: error %v", name, value, err)
		}
	}
}

func TestAListMayHaveSpaces(t *testing.T) {
	_, c, err := configure(with(prod, "origins", "https://a.example, https://b.example", "issuer", "https://id.a.example",
		"audience", "client-1 , client-2,"))
	if err != nil || !slices.Equal(c.Origins, []string{"https://a.example", "https://b.example"}) ||
		!slices.Equal(c.Audience, []string{"client-1", "client-2"}) {
		t.Errorf("origins %q, audience %q, %v", c.Origins, c.Audience, err)
	}
}

func TestASynthesisWithoutBuiltFunctionsSaysWhatToDo(t *testing.T) {
	_, c, err := configure(with(prod, "dist", t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Built(topology.Dangol); err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("error %v", err)
	}
}

// TestTheExampleOfTheGuideDeploys reads the command as a shell would.
func TestTheExampleOfTheGuideDeploys(t *testing.T) {
	_, command, ok := strings.Cut(section(t, guide(t), "## Settings"), `$ make deploy STAGE=dev CONTEXT="`)
	command, _, closed := strings.Cut(command, `"`)
	if !ok || !closed {
		t.Fatal("the guide shows no command")
	}
	context := map[string]any{"stage": "dev"}
	for part := range strings.SplitSeq(strings.ReplaceAll(command, "\\\n", " "), "-c ") {
		if name, value, ok := strings.Cut(strings.TrimSpace(part), "="); ok {
			if _, known := settings[name]; !known {
				t.Errorf("the example sets %s, which is no setting", name)
			}
			context[name] = value
		}
	}
	_, c, err := configure(context)
	if err != nil || c.ShopName != "Haneul" || c.AlarmMail != "oncall@shop.example.com" {
		t.Errorf("%v, %+v", err, c)
	}
}

// names are variables of functions, as far as a page can mean them.
var names = regexp.MustCompile("`([A-Z]+(?:_[A-Z]+)+)`")

// onALaptopOnly are variables of functions that the docs name and that no deployment sets, because they belong to the
// local stand-ins.
var onALaptopOnly = []string{"WEBHOOK_HOSTS"}

// TestEveryVariableThatTheDocsNameIsSetWhenDeployed walks all pages: a setting that exists on a laptop only would be
// missed in the shop that is deployed.
func TestEveryVariableThatTheDocsNameIsSetWhenDeployed(t *testing.T) {
	deployed := map[string]bool{}
	// With an issuer of its own a deployment has no log-in page, so one without is looked at too.
	for _, synthesis := range []func() (stacks.Stacks, error){ofEverySetting, ofDev} {
		for _, fn := range everywhere(t, must(t, synthesis), "AWS::Lambda::Function") {
			env, _ := fn.Properties["Environment"].(map[string]any)
			variables, _ := env["Variables"].(map[string]any)
			for name := range variables {
				deployed[name] = true
			}
		}
	}
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) < 10 {
		t.Fatal("no pages", err)
	}
	pages = append(pages, "../../README.md", "../../README.ko.md")
	found := 0
	for _, page := range pages {
		raw, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range names.FindAllStringSubmatch(string(raw), -1) {
			if _, ofAFunction := topology.Sample[m[1]]; !ofAFunction {
				continue
			}
			found++
			secret := strings.HasPrefix(m[1], "STRIPE_") // a parameter of SSM, see the section on payments
			if !deployed[m[1]] && !secret && !slices.Contains(onALaptopOnly, m[1]) {
				t.Errorf("%s names %s, which no deployment sets", page, m[1])
			}
		}
	}
	if found < 5 {
		t.Errorf("only %d variables found: the pages write them in another way", found)
	}
}
