package service

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/invoice"
	"dangol/shared/payment"
	"dangol/shared/payment/providers"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/id"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// Service keeps subscriptions and bills them. It is safe for concurrent use.
type Service struct {
	Table      *table.Table
	Catalog    *catalog.Cache
	Provider   payment.Provider
	Clock      clock.Clock
	Log        *slog.Logger
	Metrics    *metrics.Writer // nil for none
	FiscalZone *time.Location  // where the shop keeps its books: decides the year of an invoice
	// Sequential makes tests deterministic: subscriptions of a batch are worked on one after the
	// other instead of at the same time.
	Sequential bool

	// numbers remembers the last invoice and credit note numbers for as long as the function
	// instance lives.
	numbers invoice.Numbers
}

// FromEnv builds the service from COMMERCE_TABLE, SHOP_TIMEZONE (Asia/Seoul when empty) and the variables of the
// payment provider.
func FromEnv(ctx context.Context, env *boot.Env) (*Service, error) {
	provider, err := providers.FromEnv(env)
	if err != nil {
		return nil, err
	}
	tables, err := env.Tables(ctx, "COMMERCE_TABLE")
	if err != nil {
		return nil, err
	}
	return On(env, tables[0], provider)
}

// Documents reads the invoices and credit notes of subscriptions.
func (s *Service) Documents() invoice.Store { return invoice.Store{Table: s.Table} }

// pageSize is how many entries of a list are read at once where all are wanted.
const pageSize = 100

// On builds the service for a function that has a table and a provider already: each client takes its time when a
// function starts. Of the environment it reads SHOP_TIMEZONE.
func On(env *boot.Env, commerce *table.Table, provider payment.Provider) (*Service, error) {
	// The shop's own zone, not the subscriber's: the year in an invoice number follows the books of
	// the seller.
	zone := env.Getenv("SHOP_TIMEZONE")
	if zone == "" {
		zone = "Asia/Seoul"
	}
	fiscalZone, err := time.LoadLocation(zone)
	if err != nil {
		return nil, err
	}
	return &Service{
		Table: commerce, Catalog: catalog.NewCache(commerce, env.Clock, time.Minute), Provider: provider, Clock: env.Clock,
		Log: env.Log, Metrics: env.Metrics(), FiscalZone: fiscalZone,
	}, nil
}

// token is the client request token of one transaction. A repeat by the SDK with the same token is
// not applied twice.
func (s *Service) token() string { return id.New("txn", s.Clock.Now()) }

// NotFound is the answer for a subscription that is not there or not the caller's.
func NotFound() error {
	return problem.NotFound("subscription_not_found", "There is no such subscription, or it is not yours.")
}

// Load reads a subscription, strongly consistent. 1 round trip, 1 RCU per 4 KB. Errors: 404 subscription_not_found.
func (s *Service) Load(ctx context.Context, id string) (*Record, error) {
	var r Record
	err := s.Table.Get(ctx, KeyOf(id), &r)
	if errors.Is(err, table.ErrNotFound) {
		return nil, NotFound()
	}
	return &r, err
}

// LoadOf is Load for its owner; everybody else is told that there is none.
func (s *Service) LoadOf(ctx context.Context, id, customerID string) (*Record, error) {
	r, err := s.Load(ctx, id)
	// The same answer as for an id that does not exist: otherwise a stranger could learn which ids
	// are in use.
	if err == nil && (customerID == "" || r.Sub.CustomerID != customerID) {
		return nil, NotFound()
	}
	return r, err
}

// OfCustomer lists a customer's subscriptions, newest first. 1 round trip, 0.5 RCU per 4 KB of cards. Errors:
// table.ErrCursor.
func (s *Service) OfCustomer(ctx context.Context, customerID string, limit int, after table.Cursor) ([]Summary,
	table.Cursor, error) {
	page, err := s.Table.Query(ctx, table.Query{
		Index: table.ByOne, Where: "#gsi1pk = :owner", With: map[string]any{":owner": ownerKey(customerID)},
		Limit: limit, After: after, Backwards: true,
	})
	if err != nil {
		return nil, "", err
	}
	// The index holds a packed copy of the fields that lists show, so no second read is needed.
	out := make([]Summary, len(page.Items))
	for i, item := range page.Items {
		if out[i], err = cardOf(item); err != nil {
			return nil, "", err
		}
	}
	return out, page.Next, nil
}

// cardsAtOnce is how many cards one query reads: about what fits into one 1 MB answer of DynamoDB.
// The local engine has no such limit and would read everything at once without it.
const cardsAtOnce = 2_000

// Every hands the card of each subscription to each. Shards queries, 0.5 RCU per 4 KB of cards: it costs what there is.
func (s *Service) Every(ctx context.Context, each func(Summary) error) error {
	for n := range Shards {
		for after := table.Cursor(""); ; {
			cards, next, err := s.Cards(ctx, n, after)
			if err != nil {
				return err
			}
			for _, card := range cards {
				if err := each(card); err != nil {
					return err
				}
			}
			if after = next; after == "" {
				break
			}
		}
	}
	return nil
}

// Cards reads a page of the cards of one shard, from 0 to Shards-1. 1 round trip, 0.5 RCU per 4 KB.
func (s *Service) Cards(ctx context.Context, shard int, after table.Cursor) (cards []Summary, next table.Cursor,
	err error) {
	page, err := s.Table.Query(ctx, table.Query{
		Index: table.ByTwo, Where: "#gsi2pk = :shard", With: map[string]any{":shard": shardKey(shard)}, Limit: cardsAtOnce,
		After: after,
	})
	if err != nil {
		return nil, "", err
	}
	cards = make([]Summary, len(page.Items))
	for i, item := range page.Items {
		if cards[i], err = cardOf(item); err != nil {
			return nil, "", err
		}
	}
	return cards, page.Next, nil
}

// cardOf unpacks the summary that the index projects with a subscription.
func cardOf(item table.Item) (Summary, error) {
	var in struct {
		Card table.Packed[Summary] `dynamodbav:"card"`
	}
	err := item.Decode(&in)
	return in.Card.Value, err
}

// SubscribersOf lists the ids of a plan's subscribers, ended ones too. The page runs through the shards one after the
// other. Errors: table.ErrCursor.
func (s *Service) SubscribersOf(ctx context.Context, planID string, limit int, after table.Cursor) ([]string,
	table.Cursor, error) {
	// The cursor is "<shard>.<cursor within the shard>". A shard is a number, so the first dot ends
	// it, whatever the inner part contains.
	shard, inner, _ := strings.Cut(string(after), ".")
	n := 0
	if after != "" {
		var err error
		// A number outside the shards can only come from a cursor that was made up or changed.
		if n, err = strconv.Atoi(shard); err != nil || n < 0 || n >= Shards {
			return nil, "", table.ErrCursor
		}
	}
	page, err := s.Table.Query(ctx, table.Query{
		Index: table.ByTwo, Where: "#gsi2pk = :shard AND begins_with(#gsi2sk, :plan)",
		With: map[string]any{":shard": shardKey(n), ":plan": planID + "#"}, Limit: limit, After: table.Cursor(inner),
	})
	if err != nil {
		return nil, "", err
	}
	ids := make([]string, len(page.Items))
	for i, item := range page.Items {
		card, err := cardOf(item)
		if err != nil {
			return nil, "", err
		}
		ids[i] = card.ID
	}
	// A page may be short, or empty, at the end of a shard: the caller goes on while there is a
	// cursor.
	switch {
	case page.Next != "":
		return ids, table.Cursor(strconv.Itoa(n) + "." + string(page.Next)), nil
	case n+1 < Shards:
		return ids, table.Cursor(strconv.Itoa(n+1) + "."), nil
	}
	return ids, "", nil
}

// Adopt stores a subscription that was kept elsewhere before, as it stands there, with what it gives its holder. Its
// earlier invoices stay where they are. 1 round trip; a transaction of 2 for a membership in force. Error:
// *table.ConditionFailed, or *table.Canceled, when there is one with its id.
func (s *Service) Adopt(ctx context.Context, r *Record) error {
	s.adopted(r)
	put := table.Put{Item: r, If: table.IfNew}
	// Carts read the entitlement on its own item, so a membership in force needs both writes or
	// neither.
	if stands := (&changeSet{next: r}).entitlementWrites(); len(stands) > 0 {
		return s.Table.Transact(ctx, s.token(), append(stands, put)...)
	}
	return s.Table.Put(ctx, put)
}

// AdoptAll stores a whole set of subscriptions before the shop opens. It overwrites what is there
// (no condition) and writes no entitlements for carts: the next renewal of each writes them. 1
// round trip per 25.
func (s *Service) AdoptAll(ctx context.Context, all []*Record) error {
	items := make([]any, len(all))
	for i, r := range all {
		s.adopted(r)
		items[i] = r
	}
	return s.Table.BatchPut(ctx, items...)
}

// adopted sets the key, the first version and the index keys of a record that comes from elsewhere.
func (s *Service) adopted(r *Record) {
	r.Key, r.Version, r.UpdatedAt = KeyOf(r.Sub.ID), 1, s.Clock.Now()
	r.setIndexKeys()
}
