// Package storecredit is what the shop owes its customers as credit: grants in lots that expire, spent at checkout, the
// lot that expires first first. Each lot is one item, so grants, uses and returns at the same time meet on single lots
// only, and a lot never goes below zero. Amounts are minor units of the lot's currency.
package storecredit

import (
	"context"
	"strconv"
	"strings"
	"time"

	"dangol/shared/platform/due"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
)

// DueKind is the kind of the due jobs of lots: a notice before they expire, then the end.
const DueKind = "store_credit"

const (
	// LastsFor is how long a lot can be spent.
	LastsFor = 365 * 24 * time.Hour
	// NoticeBefore is how long before its end the customer hears of a lot that was not spent.
	NoticeBefore = 14 * 24 * time.Hour
	// BackFor is how long credit can be spent that comes back from an order after its lot has expired.
	BackFor = 30 * 24 * time.Hour
)

// Lot is one grant: one item.
type Lot struct {
	table.Key
	due.Due
	ID         string       `dynamodbav:"id"`
	CustomerID string       `dynamodbav:"customerId"`
	Email      string       `dynamodbav:"email,omitempty"`
	Language   string       `dynamodbav:"language,omitempty"`
	Currency   string       `dynamodbav:"currency"`
	Amount     int64        `dynamodbav:"amount"`
	Left       int64        `dynamodbav:"left"`
	Expired    int64        `dynamodbav:"expired,omitempty"` // what was left at the end
	Reason     string       `dynamodbav:"reason"`
	Source     string       `dynamodbav:"source,omitempty"` // the order or return it came from
	By         string       `dynamodbav:"by,omitempty"`     // subject of the merchant who gave it
	CreatedAt  time.Time    `dynamodbav:"createdAt"`
	ExpiresAt  time.Time    `dynamodbav:"expiresAt"`
	Noticed    bool         `dynamodbav:"noticed,omitempty"`
	Event      *event.Event `dynamodbav:"event,omitempty"`
}

// LotUse is what a purchase took out of one lot; the checkout keeps the list to give it back.
type LotUse struct {
	Key       table.Key `json:"key"`
	Amount    int64     `json:"amount"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// partition is the key of all lots of a customer in a currency.
func partition(customerID, currency string) string { return "CREDIT#" + customerID + "#" + currency }

// lotPrefix begins the sort keys of lots, after which come their ends.
const lotPrefix = "LOT#"

// keyOf sorts lots by their end, so that the first that expires is read first.
func keyOf(l Lot) table.Key {
	return table.Key{
		PK: partition(l.CustomerID, l.Currency),
		SK: lotPrefix + l.ExpiresAt.UTC().Format("2006-01-02T15:04:05.000Z") + "#" + l.ID,
	}
}

// Grant is the write that gives a lot, once for each id. ExpiresAt defaults to LastsFor from now.
func Grant(l Lot, now time.Time) table.Put {
	if l.ExpiresAt.IsZero() {
		l.ExpiresAt = now.Add(LastsFor)
	}
	l.CreatedAt, l.Left = now, l.Amount
	l.Key = keyOf(l)
	notice := l.ExpiresAt.Add(-NoticeBefore)
	// Too short for a notice: the due entry is the end at once.
	if !notice.After(now) {
		l.Noticed, notice = true, l.ExpiresAt
	}
	l.Due = due.On(DueKind, l.ID, notice)
	return table.Put{Item: l, If: table.IfNew} // a lot is given once
}

// Tick is the write of what is due about a lot at an instant: the notice before its end, or its end. nil when nothing
// is due. Its condition fails when the lot was spent from or given back to meanwhile.
func (l Lot) Tick(now time.Time) *table.Update {
	// The condition is what was seen, so a notice or end never goes with an amount that has
	// changed.
	u := &table.Update{Key: l.Key, If: "#left = :seen", With: map[string]any{":seen": l.Left}}
	switch {
	case !now.Before(l.ExpiresAt):
		u.Do = "SET #left = :none, #expired = :seen, #noticed = :yes " + due.Remove
		u.With[":none"], u.With[":yes"] = 0, true
	case !l.Noticed && !now.Before(l.ExpiresAt.Add(-NoticeBefore)):
		end := due.On(DueKind, l.ID, l.ExpiresAt)
		u.Do = "SET #noticed = :yes, #duePk = :shard, #dueAt = :at, #dueTries = :none"
		u.With[":yes"], u.With[":shard"], u.With[":at"], u.With[":none"] = true, end.Shard, end.At, 0
	// Noticed, but its due entry is still the sweeper's claim: the end is set once more.
	case l.Shard != "" && l.Noticed:
		end := due.On(DueKind, l.ID, l.ExpiresAt)
		u.Do = "SET #duePk = :shard, #dueAt = :at, #dueTries = :none"
		u.With[":shard"], u.With[":at"], u.With[":none"] = end.Shard, end.At, 0
	default:
		return nil
	}
	return u
}

// live reports whether the lot can be spent at an instant.
func (l Lot) live(at time.Time) bool { return l.Left > 0 && at.Before(l.ExpiresAt) }

// Balance is what can be spent of the lots at an instant.
func Balance(lots []Lot, at time.Time) int64 {
	sum := int64(0)
	for _, l := range lots {
		if l.live(at) {
			sum += l.Left
		}
	}
	return sum
}

// maxLots bounds the lots of one purchase: each is a write, and a transaction has 100 at most.
const maxLots = 20

// Plan says which lots pay up to amount, the one that expires first first, and how much they pay together.
func Plan(lots []Lot, amount int64, now time.Time) (taken []LotUse, total int64) {
	for _, l := range lots {
		if amount <= 0 || len(taken) == maxLots {
			break
		}
		if !l.live(now) {
			continue
		}
		n := min(l.Left, amount)
		amount, total = amount-n, total+n
		taken = append(taken, LotUse{Key: l.Key, Amount: n, ExpiresAt: l.ExpiresAt})
	}
	return taken, total
}

// Take is the writes that take what was planned. They carry their own conditions: a plan made from old lots is refused
// and never takes what is not there.
func Take(taken []LotUse) []table.Write {
	writes := make([]table.Write, len(taken))
	for i, t := range taken {
		writes[i] = table.Update{
			Key: t.Key, Do: "ADD #left :minus",
			If:   "#left >= :n", // no lot below zero
			With: map[string]any{":minus": -t.Amount, ":n": t.Amount},
		}
	}
	return writes
}

// CustomerContact is where the notices about a lot go.
type CustomerContact struct{ Email, Language string }

// GiveBack plans the return of what a purchase took. What comes back to a lot that has expired becomes a lot of its
// own, about which the recipient is written to. The writes add, so they must take effect once. reference names the
// purchase.
func GiveBack(taken []LotUse, to CustomerContact, reference string, now time.Time) []table.Write {
	// No condition on the amount: returned credit may be spent and granted at the same time.
	writes := make([]table.Write, 0, len(taken))
	for i, t := range taken {
		if now.Before(t.ExpiresAt) {
			writes = append(writes, table.Update{
				Key: t.Key, Do: "ADD #left :n", If: table.IfExists, With: map[string]any{":n": t.Amount},
			})
			continue
		}
		customerID, currency, ok := owner(t.Key)
		// A key that is no lot's: an old checkout. Nothing can be given back for it.
		if !ok {
			continue
		}
		writes = append(writes, Grant(Lot{
			// Its number among them keeps the lots of one purchase apart: ids of lots may end alike.
			ID: reference + "-" + strconv.Itoa(i+1), CustomerID: customerID, Email: to.Email,
			Language: to.Language, Currency: currency, Amount: t.Amount, Reason: "returned", Source: reference,
			ExpiresAt: now.Add(BackFor),
		}, now))
	}
	return writes
}

// owner reads customer and currency from a lot's partition. The currency comes last, because a
// customer's id may contain a "#".
func owner(k table.Key) (customerID, currency string, ok bool) {
	rest, credit := strings.CutPrefix(k.PK, "CREDIT#")
	at := strings.LastIndex(rest, "#")
	if !credit || at < 0 {
		return "", "", false
	}
	return rest[:at], rest[at+1:], true
}

// Store reads lots.
type Store struct {
	Table *table.Table
}

// Lots reads a customer's lots in a currency, the first that expires first, strongly consistent. 1 round trip a
// megabyte, 1 RCU per 4 KB.
func (s Store) Lots(ctx context.Context, customerID, currency string) ([]Lot, error) {
	lots := []Lot{}
	// Every page: lots that are spent or over come first and are kept, and what can be spent stands behind them.
	err := s.Table.All(ctx, table.Query{
		Where: "#pk = :owner AND begins_with(#sk, :lot)",
		With:  map[string]any{":owner": partition(customerID, currency), ":lot": lotPrefix},
		// Strongly consistent: a balance that was just spent must not be offered again.
		Strong: true,
	}, func(item table.Item) error {
		var l Lot
		err := item.Decode(&l)
		lots = append(lots, l)
		return err
	})
	return lots, err
}
