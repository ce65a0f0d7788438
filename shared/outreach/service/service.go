// Package service takes in what people do, moves them through series, and plans the messages of series and campaigns.
// It decides nothing by itself: the rules are those of the packages sequence, segment, campaign and consent, and every
// message passes compliance.Allowed.
//
// It owns the items CONTACT#..., RUN#..., CAMPAIGN#..., SEGMENT#..., SERIES#..., COUPON#..., CODES#... and ORDER#... of
// the table Outreach. What has to be sent goes into the outbox in the transaction of the change that caused it, so
// nothing is lost or sent twice whatever fails in between.
package service

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/keystore"
	"dangol/shared/outreach/policy"
	"dangol/shared/outreach/sequence"
	"dangol/shared/outreach/webhook"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
)

// The due kinds of this package.
const (
	DueRun      = "outreach_run"
	DueContact  = "outreach_contact" // a consent is to be confirmed
	DueCampaign = "outreach_campaign"
	DuePage     = "outreach_page"
)

// Shop is who sends.
type Shop struct {
	Name     string
	URL      string // of the storefront
	Contact  string
	Address  string // postal
	LinkBase string // address that the API answers at
	Zone     *time.Location
	Policy   compliance.GatePolicy
	// DoubleOptIn asks people who sign up to confirm from their mailbox.
	DoubleOptIn bool
}

// Recommender names products for a mail. block is that of a step: recommended, bought_together, viewed, best_sellers,
// cart.
type Recommender interface {
	Recommend(ctx context.Context, block string, c contact.Contact, data map[string]string) ([]outbox.Product, error)
}

// Service is outreach with what it needs. Recommend may be nil: mails then have no block of products.
type Service struct {
	Table     *table.Table // Outreach
	Contacts  contact.Store
	Outbox    outbox.Store
	Budget    *outbox.Budget
	Keys      *keystore.Store
	Library   *sequence.Library
	Shop      Shop
	Recommend Recommender
	Webhooks  *webhook.Publisher
	Clock     clock.Clock
	Log       *slog.Logger
	// Commerce takes the segments of customers, for promotions; nil tells nobody.
	Commerce *table.Table

	segmentsLock sync.Mutex
	segments     []Segment
	segmentsAt   time.Time
}

// Variables lists the environment variables that FromEnv reads.
func Variables() []string {
	return []string{
		"OUTREACH_TABLE", "LINK_BASE", "SHOP_NAME", "SHOP_URL", "SHOP_CONTACT", "SHOP_IMPRINT", "SHOP_TIMEZONE",
		"OUTREACH_CONFIG",
	}
}

// FromEnv builds the service. Environment: Variables; OUTREACH_CONFIG is JSON, see package policy.
func FromEnv(ctx context.Context, env *boot.Env) (*Service, error) {
	var config struct {
		Base    string   `env:"LINK_BASE"`
		Name    string   `env:"SHOP_NAME"`
		URL     string   `env:"SHOP_URL"`
		Contact string   `env:"SHOP_CONTACT"`
		Imprint []string `env:"SHOP_IMPRINT,optional"`
		Zone    string   `env:"SHOP_TIMEZONE,default=Asia/Seoul"`
		Config  string   `env:"OUTREACH_CONFIG,optional"`
	}
	if err := env.Config(&config); err != nil {
		return nil, err
	}
	// An unknown zone would send at the wrong hour, so the function does not start.
	zone, err := time.LoadLocation(config.Zone)
	if err != nil {
		return nil, fmt.Errorf("environment variable SHOP_TIMEZONE: %w", err)
	}
	rules, err := policy.Parse(config.Config)
	if err != nil {
		return nil, fmt.Errorf("environment variable OUTREACH_CONFIG: %w", err)
	}
	tables, err := env.Tables(ctx, "OUTREACH_TABLE")
	if err != nil {
		return nil, err
	}
	shop := Shop{
		Name: config.Name, URL: config.URL, Contact: config.Contact, Address: strings.Join(config.Imprint, ", "),
		LinkBase: config.Base,
		Zone:     zone, Policy: rules.Gate(), DoubleOptIn: rules.DoubleOptIn,
	}
	return New(tables[0], shop, env.Clock, env.Log)
}

// New returns a service that keeps everything in the table Outreach.
func New(t *table.Table, shop Shop, c clock.Clock, log *slog.Logger) (*Service, error) {
	library, err := sequence.Builtin()
	if err != nil {
		return nil, err
	}
	return &Service{
		Table: t, Contacts: contact.Store{Table: t}, Outbox: outbox.Store{Table: t},
		Budget:   &outbox.Budget{Table: t, Clock: c},
		Webhooks: &webhook.Publisher{Store: webhook.Store{Table: t}, Clock: c},
		Keys:     &keystore.Store{Table: t}, Library: library, Shop: shop, Clock: c, Log: log,
	}, nil
}
