package stacks

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	mails "dangol/shared/mail"
	"dangol/shared/outreach/policy"
	"dangol/shared/pricing"
	"dangol/shared/promotion"
)

// FromContext reads the configuration of an app. Errors name the context value that is missing or wrong: what a
// function would refuse at its start is refused here, before anything is deployed.
func FromContext(app awscdk.App) (Config, error) {
	var wrong error
	// cdk.json may have other values than texts. A default in their place would deploy another shop.
	text := func(name, otherwise string) string {
		value := app.Node().TryGetContext(str(name))
		v, ok := value.(string)
		if value != nil && !ok {
			wrong = errors.Join(wrong, fmt.Errorf("context %s: a text, not %v", name, value))
		}
		return cmp.Or(v, otherwise)
	}
	stage, ok := Stages[text("stage", "dev")]
	if !ok && wrong == nil {
		return Config{}, fmt.Errorf("context stage=%s: dev, staging or prod", text("stage", ""))
	}
	c := Config{
		Stage: stage, Dist: text("dist", "dist"), Issuer: text("issuer", ""), Audience: list(text("audience", "")),
		Origins: list(text("origins", "http://localhost:3000")), MailFrom: text("mailFrom", "shop@example.com"),
		ShopName: text("shopName", "Dangol"), ShopURL: text("shopUrl", "https://shop.example.com"),
		TimeZone:    text("timeZone", "Asia/Seoul"),
		LinkBase:    text("linkBase", text("shopUrl", "https://shop.example.com")),
		ShopContact: text("shopContact", "help@shop.example.com"), ShopImprint: text("shopImprint", ""),
		AlarmMail: text("alarmMail", ""), CallbackURL: list(text("callbackUrls", "http://localhost:3000/callback")),
	}
	c.LogoutURL = list(text("logoutUrls", strings.Join(c.CallbackURL, ",")))
	c.AccountMail = text("accountMail", accountMailCognito) == accountMailSES
	c.ShopColor = text("shopColor", "")
	c.ShopLinks = text("shopLinks", "")
	c.ShopConfig = text("shopConfig", "")
	c.GuardConfig = text("guardConfig", "")
	c.OutreachConfig, c.PushHosts = text("outreachConfig", ""), text("pushHosts", "")
	c.Model = text("model", "")
	c.ConnectInstance = text("connectInstance", "")
	c.ConnectFlow = text("connectFlow", "")
	c.ConnectNumber = text("connectNumber", "")
	c.SMSOrigination = text("smsOrigination", "")
	c.InboundDomain = text("inboundDomain", "")
	c.CacheTTL = text("catalogCacheTtl", "")
	c.DetailedMetrics = text("detailedMetrics", "") == "true"
	reserved, err := whole("checkoutConcurrency", text("checkoutConcurrency", "0"))
	if err := cmp.Or(wrong, err); err != nil {
		return Config{}, err
	}
	c.CheckoutConcurrency = float64(reserved)
	for name, allowed := range map[string][]string{
		"accountMail": {accountMailCognito, accountMailSES}, "detailedMetrics": {"true", "false"},
	} {
		// A word that is misspelled would mean its opposite.
		if value := text(name, allowed[0]); !slices.Contains(allowed, value) {
			return Config{}, fmt.Errorf("context %s=%s: %s", name, value, strings.Join(allowed, " or "))
		}
	}
	if err := c.readFiles(); err != nil {
		return Config{}, err
	}
	return c, c.check()
}

// pageOrigins are the origins of all pages that upload files: the storefronts, and the pages that the API serves, whose
// browser asks the bucket like that of any other origin.
func (c Config) pageOrigins() []string {
	own, err := url.Parse(c.LinkBase)
	if err != nil {
		return c.Origins // check has refused it
	}
	at := own.Scheme + "://" + own.Host
	if slices.Contains(c.Origins, at) || slices.Contains(c.Origins, "*") {
		return c.Origins
	}
	return append(slices.Clone(c.Origins), at)
}

// Who sends the mails about accounts.
const (
	accountMailCognito = "cognito"
	accountMailSES     = "ses"
)

// list splits a list separated by commas, which may have spaces around them; empty is none.
func list(text string) (all []string) {
	for one := range strings.SplitSeq(text, ",") {
		if one = strings.TrimSpace(one); one != "" {
			all = append(all, one)
		}
	}
	return all
}

// whole reads a number of at least 0.
func whole(name, text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("context %s: a whole number, not %s", name, text)
	}
	return n, nil
}

// readFiles reads the configurations that are JSON or the path of a file with it, and makes them as short as variables
// of a function have to be.
func (c *Config) readFiles() error {
	if c.ShopConfig != "" {
		raw, err := jsonOrFile(c.ShopConfig)
		if err == nil {
			c.ShopConfig, err = pricing.PackShop(raw)
		}
		if err != nil {
			return fmt.Errorf("context shopConfig: %w", err)
		}
	}
	for name, value := range map[string]*string{"guardConfig": &c.GuardConfig, "outreachConfig": &c.OutreachConfig} {
		if *value == "" {
			continue
		}
		raw, err := jsonOrFile(*value)
		var short bytes.Buffer
		if err == nil {
			err = json.Compact(&short, raw)
		}
		if err != nil {
			return fmt.Errorf("context %s: %w", name, err)
		}
		*value = short.String()
	}
	return nil
}

// jsonOrFile returns a text that is JSON, or what is in the file that it names.
func jsonOrFile(text string) ([]byte, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		return []byte(text), nil
	}
	return os.ReadFile(text)
}

// check finds values and combinations that would deploy and then not work, or be unsafe.
func (c Config) check() error {
	switch {
	case c.Issuer != "" && len(c.Audience) == 0:
		return fmt.Errorf("context audience: needed with issuer")
	// With * any page could call the API with a customer's token.
	case strings.Contains(strings.Join(c.Origins, ","), "*") && c.Stage.Protected:
		return fmt.Errorf("context origins: name the storefronts, no * in stage %s", c.Stage.Name)
	// The role is granted this one identity, so its id alone would not do.
	case c.SMSOrigination != "" && !strings.HasPrefix(c.SMSOrigination, "arn:"):
		return fmt.Errorf("context smsOrigination: the ARN of a number, sender id or pool, not %s", c.SMSOrigination)
	}
	if err := c.checkAddresses(); err != nil {
		return err
	}
	if a, err := mail.ParseAddress(c.MailFrom); err != nil || a.Address != c.MailFrom {
		return fmt.Errorf("context mailFrom=%s: an address without a name", c.MailFrom)
	}
	if _, err := time.LoadLocation(c.TimeZone); err != nil || c.TimeZone == "Local" {
		return fmt.Errorf("context timeZone=%s: an IANA time zone", c.TimeZone)
	}
	if c.CacheTTL != "" {
		if _, err := whole("catalogCacheTtl", c.CacheTTL); err != nil {
			return err
		}
	}
	if c.GuardConfig != "" {
		if _, err := promotion.ParsePolicy([]byte(c.GuardConfig)); err != nil {
			return fmt.Errorf("context guardConfig: %w", err)
		}
	}
	if _, err := policy.Parse(c.OutreachConfig); err != nil {
		return fmt.Errorf("context outreachConfig: %w", err)
	}
	links, err := mails.ParseLinks(list(c.ShopLinks))
	if err != nil {
		return fmt.Errorf("context shopLinks: %w", err)
	}
	brand := mails.Brand{Name: c.ShopName, URL: c.ShopURL, Contact: c.ShopContact, Color: c.ShopColor, Links: links}
	if brand.Color == "" {
		brand.Color = "#000000" // the functions have a default
	}
	if _, err := mails.NewTemplates(brand, time.UTC); err != nil {
		return fmt.Errorf("context shopColor=%s: %w", c.ShopColor, err)
	}
	return nil
}

// checkAddresses finds addresses that would make links to nothing, and origins that no browser names.
func (c Config) checkAddresses() error {
	for _, setting := range [][2]string{{"shopUrl", c.ShopURL}, {"linkBase", c.LinkBase}} {
		// Links put their path behind it.
		u, err := url.Parse(setting[1])
		if err != nil || u.Scheme == "" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" ||
			strings.HasSuffix(u.Path, "/") {
			return fmt.Errorf("context %s=%s: an address such as https://shop.example.com, with no slash at its end",
				setting[0], setting[1])
		}
	}
	for _, origin := range c.Origins {
		u, err := url.Parse(origin)
		if !slices.Contains(anyOrigin, origin) &&
			(err != nil || u.Host == "" || strings.Contains(origin, "*") || origin != u.Scheme+"://"+u.Host) {
			return fmt.Errorf("context origins: %s is no origin such as https://shop.example.com", origin)
		}
	}
	if c.Issuer != "" {
		return nil // the other addresses are for the log-in page of Cognito
	}
	// In this order: log-outs return to the addresses of callbackUrls where no others are given, and the error names what
	// was given.
	for _, given := range []struct {
		name      string
		addresses []string
	}{{"callbackUrls", c.CallbackURL}, {"logoutUrls", c.LogoutURL}, {"linkBase", []string{c.LinkBase}}} {
		for _, address := range given.addresses {
			if err := returnsTo(address); err != nil {
				return fmt.Errorf("context %s=%s: %w", given.name, address, err)
			}
		}
	}
	return nil
}

// anyOrigin are the only wildcards that an HTTP API takes; one for a part of the name fails the deployment.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
var anyOrigin = []string{"*", "https://*", "http://*"}

// returnsTo refuses an address that a client of Cognito refuses: one that is not whole, has a fragment, or has http for
// another host than localhost. An app's own scheme is allowed.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html
func returnsTo(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme == "" || u.Host == "" && u.Path == "" && u.Opaque == "":
		return errors.New("a whole address such as https://shop.example.com/callback")
	case u.Fragment != "":
		return errors.New("Cognito takes no fragment")
	case u.Scheme == "http" && u.Hostname() != "localhost":
		return errors.New("Cognito takes https, and http for localhost only")
	}
	return nil
}
