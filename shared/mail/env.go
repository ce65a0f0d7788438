package mail

import (
	"fmt"
	"time"
	_ "time/tzdata" // the Lambda image has no time zones

	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"dangol/shared/platform/boot"
)

// Variables are the environment variables that FromEnv reads.
func Variables() []string {
	return append(BrandVariables(), "MAIL_FROM", "MAIL_REPLY_TO", "MAIL_CONFIGURATION_SET")
}

// BrandVariables are the environment variables that TemplatesFromEnv reads.
func BrandVariables() []string {
	return []string{
		"SHOP_NAME", "SHOP_URL", "SHOP_CONTACT", "SHOP_COLOR", "SHOP_IMPRINT", "SHOP_TIMEZONE", "SHOP_LINKS", "LINK_BASE",
	}
}

// FromEnv returns the sender and the templates of a deployed shop. Environment: MAIL_FROM, MAIL_REPLY_TO,
// MAIL_CONFIGURATION_SET and what TemplatesFromEnv reads; SES_ENDPOINT where it is not the usual one.
func FromEnv(env *boot.Env) (*Sender, *Templates, error) {
	var config struct {
		From    string `env:"MAIL_FROM"`
		ReplyTo string `env:"MAIL_REPLY_TO,optional"`
		Set     string `env:"MAIL_CONFIGURATION_SET,optional"`
	}
	if err := env.Config(&config); err != nil {
		return nil, nil, err
	}
	templates, err := TemplatesFromEnv(env)
	if err != nil {
		return nil, nil, err
	}
	client := sesv2.NewFromConfig(env.AWS(), func(o *sesv2.Options) { o.BaseEndpoint = env.Endpoint("SES") })
	sender, err := NewSender(client, Identity{From: config.From, ReplyTo: config.ReplyTo, ConfigurationSet: config.Set})
	return sender, templates, err
}

// TemplatesFromEnv returns the templates of a deployed shop. Environment: SHOP_NAME, SHOP_URL, SHOP_CONTACT,
// SHOP_COLOR, SHOP_IMPRINT (lines, separated by commas), SHOP_LINKS, SHOP_TIMEZONE, LINK_BASE.
func TemplatesFromEnv(env *boot.Env) (*Templates, error) {
	var config struct {
		Name    string   `env:"SHOP_NAME"`
		URL     string   `env:"SHOP_URL"`
		Contact string   `env:"SHOP_CONTACT"`
		Color   string   `env:"SHOP_COLOR,default=#1f4d3a"`
		Imprint []string `env:"SHOP_IMPRINT,optional"`
		Links   []string `env:"SHOP_LINKS,optional"`
		API     string   `env:"LINK_BASE"`
		Zone    string   `env:"SHOP_TIMEZONE,default=Asia/Seoul"`
	}
	if err := env.Config(&config); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(config.Zone)
	if err != nil {
		return nil, fmt.Errorf("environment variable SHOP_TIMEZONE: %w", err)
	}
	links, err := ParseLinks(config.Links)
	if err != nil {
		return nil, fmt.Errorf("environment variable SHOP_LINKS: %w", err)
	}
	return NewTemplates(Brand{Links: links, Name: config.Name, URL: config.URL, Color: config.Color,
		Contact: config.Contact, Imprint: config.Imprint, API: config.API}, zone)
}
