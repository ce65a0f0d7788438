package service

import (
	"fmt"
	"hash/fnv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/address"
	"dangol/shared/invoice"
	"dangol/shared/money"
	"dangol/shared/payment"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
	"dangol/shared/stock"
	"dangol/shared/subscription"
)

// DueSubscription is the kind of the due jobs on subscriptions.
const DueSubscription = "subscription"

// Prefix begins subscription ids.
const Prefix = "sub"

// KeyOf is the key of a subscription.
func KeyOf(id string) table.Key { return table.Key{PK: "SUBSCRIPTION#" + id, SK: "SUBSCRIPTION"} }

// Record is one subscription: one item, with what is to be done for it.
type Record struct {
	table.Key
	due.Due
	IndexKeys
	Sub     subscription.Subscription `dynamodbav:"sub"`
	Version int                       `dynamodbav:"version"`
	Contact
	GiftTo *GiftTo `dynamodbav:"giftTo,omitempty"`
	// of the plans, by id, in the subscriber's language
	Titles    table.Map[string]          `dynamodbav:"titles"`
	Addresses table.Map[address.Address] `dynamodbav:"addresses,omitempty"` // by the id the subscription knows
	Methods   table.Map[payment.Method]  `dynamodbav:"methods,omitempty"`   // by token
	Setup     *Setup                     `dynamodbav:"setup,omitempty"`
	Invoice   *invoice.Invoice           `dynamodbav:"invoice,omitempty"` // the open one
	Tasks     table.List[Task]           `dynamodbav:"tasks,omitempty"`
	Given     int                        `dynamodbav:"given,omitempty"` // tasks there have been
	Lease     time.Time                  `dynamodbav:"lease,omitempty"` // until then the tasks are being carried out
	// goods taken out of stock and not sent yet, by cycle
	Held      table.Map[[]stock.Allocation] `dynamodbav:"held,omitempty"`
	Sent      string                        `dynamodbav:"sent,omitempty"` // key of the last cycle that became an order
	Rates     table.List[subscription.Rate] `dynamodbav:"rates,omitempty"`
	Trial     *Trial                        `dynamodbav:"trial,omitempty"`
	Cases     table.List[Case]              `dynamodbav:"cases,omitempty"`
	WriteID   string                        `dynamodbav:"writeId,omitempty"`
	TTL       int64                         `dynamodbav:"ttl,omitempty"` // Unix seconds; of one that never began
	UpdatedAt time.Time                     `dynamodbav:"updatedAt"`
}

// Contact is whom to write to.
type Contact struct {
	Email    string `json:"email" dynamodbav:"email"`
	Name     string `json:"name,omitempty" dynamodbav:"name,omitempty"`
	Language string `json:"language" dynamodbav:"language"`
}

// Trial is what became of a trial. Ended is zero while it runs.
type Trial struct {
	Started   time.Time `json:"started"`
	Ended     time.Time `json:"ended,omitzero"`
	Converted bool      `json:"converted,omitempty"`
}

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (t Trial) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { return table.Pack(t) }

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (t *Trial) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, t)
}

// Case is an invoice that went into dunning.
type Case struct {
	Since     time.Time `json:"since"`
	Recovered time.Time `json:"recovered,omitzero"`
	Amount    int64     `json:"amount"`
	Closed    bool      `json:"closed,omitempty"`
}

// requestKept is how long a request whose first payment came to nothing is kept: as long as a late message of the
// provider may come, and somebody may ask why.
const requestKept = 90 * 24 * time.Hour

// casesKept bounds how many cases a record keeps: years of a bad card.
const casesKept = 24

// IndexKeys is where a subscription stands in lists, and what they show.
type IndexKeys struct {
	Owner   string                `dynamodbav:"gsi1pk,omitempty"` // not of one that has not begun
	OwnerAt string                `dynamodbav:"gsi1sk,omitempty"`
	Every   string                `dynamodbav:"gsi2pk,omitempty"` // not of a request that waits for its card
	EveryAt string                `dynamodbav:"gsi2sk,omitempty"`
	Card    table.Packed[Summary] `dynamodbav:"card"`
}

// Summary is what lists show of a subscription and the merchant's figures are made of.
type Summary struct {
	ID        string              `json:"id"`
	State     subscription.State  `json:"state"`
	PlanID    string              `json:"planId"`
	Title     string              `json:"title"`
	Version   int                 `json:"version"` // of the plan
	Kind      subscription.Kind   `json:"kind"`
	Amount    int64               `json:"amount"` // of a payment
	Currency  string              `json:"currency"`
	Closes    civil.Date          `json:"closes"` // the day the running period ends
	StartedAt time.Time           `json:"startedAt"`
	Email     string              `json:"email,omitempty"`
	Unpaid    bool                `json:"unpaid,omitempty"` // an invoice was declined and is not paid
	Rates     []subscription.Rate `json:"rates,omitempty"`
	Trial     *Trial              `json:"trial,omitempty"`
	Cases     []Case              `json:"cases,omitempty"`
}

// Shards is how many index keys all subscriptions are spread over: a key of an index takes 1,000
// writes a second, and a large shop's billing run writes more than one takes.
const Shards = 4

// ownerKey is the partition of a customer's subscriptions in the index.
func ownerKey(customerID string) string { return "SUBSCRIBER#" + customerID }

// shardKey is one partition of the index over all subscriptions.
func shardKey(n int) string { return fmt.Sprintf("SUBSCRIPTIONS#%d", n) }

// instant formats times so that they sort as text; a fixed number of digits is needed for that.
func instant(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// setIndexKeys sets the keys of the lists and of the due index from the state. Every write calls
// it, so that the index never disagrees with the item.
func (r *Record) setIndexKeys() {
	s := &r.Sub
	// A hash of the id spreads subscriptions evenly and never moves one.
	h := fnv.New32a()
	h.Write([]byte(s.ID))
	r.Owner, r.OwnerAt, r.TTL = ownerKey(s.CustomerID), instant(s.StartedAt)+"#"+s.ID, 0
	if !s.Begun() {
		r.Owner, r.OwnerAt = "", ""
		if s.State == subscription.Ended {
			r.TTL = s.EndedAt.Add(requestKept).Unix()
		}
	}
	r.Every, r.EveryAt = shardKey(int(h.Sum32()%Shards)), s.Terms.PlanID+"#"+s.ID
	r.Card.Value = Summary{
		ID: s.ID, State: s.State, PlanID: s.Terms.PlanID, Title: r.Titles[s.Terms.PlanID], Version: s.Terms.Version,
		Kind:   s.Terms.Kind,
		Amount: s.Terms.Payment(), Currency: s.Terms.Currency, Closes: s.Span.Closes, StartedAt: s.StartedAt,
		Rates: r.Rates, Trial: r.Trial, Cases: r.Cases, Email: r.Email,
		Unpaid: s.Open != nil && !s.Open.Since.IsZero(),
	}
	if s.State == "" {
		r.Every, r.EveryAt, r.TTL = "", "", r.Setup.Until.Add(requestKept).Unix()
	}
	// Tasks come before what the rules are due for: until they are done, the rules wait for their
	// outcome.
	switch {
	case len(r.Tasks) > 0 && r.claimed():
	case len(r.Tasks) > 0:
		r.Due = due.On(DueSubscription, s.ID, r.Lease)
	case !s.Due.IsZero():
		r.Due = due.On(DueSubscription, s.ID, s.Due)
	default:
		r.Due = due.Due{}
	}
}

// claimed reports whether the sweeper's claim ends soon after the lease: then the claim stands, and
// the entry in the index is not written again for a minute or two.
func (r *Record) claimed() bool {
	end := r.Lease.UnixMilli()
	return r.Due.Tries > 0 && r.Due.At >= end && r.Due.At <= end+due.Lease.Milliseconds()
}

// LastDecline is the last charge that was declined within the last month; ok is false when there is none.
func (r *Record) LastDecline() (a subscription.Attempt, ok bool) {
	// The failures of the open invoice are newer than those of earlier ones.
	all := r.Sub.Used
	if r.Sub.Open != nil && len(r.Sub.Open.Failures) > 0 {
		all = r.Sub.Open.Failures
	}
	if len(all) == 0 {
		return a, false
	}
	return all[len(all)-1], true
}

// declines counts the charges that were declined and are remembered.
func (r *Record) declines() int {
	n := len(r.Sub.Used)
	if r.Sub.Open != nil {
		n += len(r.Sub.Open.Failures)
	}
	return n
}

// DeclinedSince returns the charge that was declined between an earlier reading of the subscription and this one.
// before is nil for a subscription that has just begun.
func (r *Record) DeclinedSince(before *Record) (a subscription.Attempt, ok bool) {
	a, ok = r.LastDecline()
	if !ok || before == nil {
		return a, ok
	}
	earlier, had := before.LastDecline()
	// Either a later one, or one more at the same instant: the test clock stands still.
	return a, !had || !a.At.Equal(earlier.At) || r.declines() > before.declines()
}

// Title is the name of the plan in the subscriber's language.
func (r *Record) Title() string { return r.Titles[r.Sub.Terms.PlanID] }

// Money is an amount in the currency of the subscription.
func (r *Record) Money(amount int64) money.Money { return r.Sub.Terms.Money(amount) }
