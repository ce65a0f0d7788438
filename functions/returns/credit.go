package returns

import (
	"context"
	"time"

	"dangol/events"
	"dangol/shared/money"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/event"
	"dangol/shared/platform/format"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/storecredit"
)

// CreditView is a customer's store credit in one currency.
type CreditView struct {
	Balance money.Formatted `json:"balance" doc:"What can be spent now."`
	Lots    []CreditLot     `json:"lots" nullable:"false" doc:"The one that expires first first; it is spent first."`
}

// CreditLot is one grant of store credit.
type CreditLot struct {
	ID        string          `json:"id"`
	Amount    money.Formatted `json:"amount"`
	Left      money.Formatted `json:"left"`
	Reason    string          `json:"reason" example:"return"`
	Source    string          `json:"source,omitempty" doc:"The order or return it came from."`
	By        string          `json:"by,omitempty" doc:"For the shop's people only."`
	CreatedAt time.Time       `json:"createdAt"`
	ExpiresAt time.Time       `json:"expiresAt"`
}

// creditOutput is store credit.
type creditOutput struct {
	Caching string `header:"Cache-Control"`
	Body    CreditView
}

// myCreditInput chooses a currency.
type myCreditInput struct {
	Currency string `query:"currency" pattern:"^[A-Z]{3}$" default:"KRW"`
}

// myCredit reads the caller's own store credit.
func (f *Returns) myCredit(ctx context.Context, in *myCreditInput) (*creditOutput, error) {
	return f.creditView(ctx, auth.From(ctx).Subject, in.Currency, false)
}

// creditOfInput names a customer. A "#" would lead out of the partition of the key.
type creditOfInput struct {
	CustomerID string `path:"customerId" minLength:"1" maxLength:"100" pattern:"^[^#]+$"`
	Currency   string `query:"currency" pattern:"^[A-Z]{3}$" default:"KRW"`
}

// creditOf reads a customer's store credit for the shop's people.
func (f *Returns) creditOf(ctx context.Context, in *creditOfInput) (*creditOutput, error) {
	return f.creditView(ctx, in.CustomerID, in.Currency, true)
}

// creditView is the credit in one currency; who granted a lot is for the shop's people only. 1
// round trip.
func (f *Returns) creditView(ctx context.Context, customerID, currency string, operator bool) (*creditOutput, error) {
	lots, err := f.Credit.Lots(ctx, customerID, currency)
	if err != nil {
		return nil, err
	}
	out := &creditOutput{Caching: caching, Body: CreditView{
		Balance: money.Of(storecredit.Balance(lots, f.Clock.Now()), currency).Formatted(), Lots: []CreditLot{},
	}}
	for _, l := range lots {
		v := CreditLot{
			ID: l.ID, Amount: money.Of(l.Amount, currency).Formatted(), Left: money.Of(l.Left, currency).Formatted(),
			Reason:    l.Reason,
			Source:    l.Source,
			CreatedAt: l.CreatedAt, ExpiresAt: l.ExpiresAt,
		}
		if operator {
			v.By = l.By
		}
		out.Body.Lots = append(out.Body.Lots, v)
	}
	return out, nil
}

// grantInput is store credit to give.
type grantInput struct {
	CustomerID string `path:"customerId" minLength:"1" maxLength:"100" pattern:"^[^#]+$"`
	Body       struct {
		Amount    money.Money `json:"amount"`
		Reason    string      `json:"reason" minLength:"1" maxLength:"500" example:"Apology for the late parcel"`
		Email     string      `json:"email,omitempty" format:"email" maxLength:"254" doc:"To tell the customer."`
		Language  string      `json:"language,omitempty" pattern:"^[a-z]{2,3}$"`
		ExpiresAt *time.Time  `json:"expiresAt,omitempty" doc:"A year from now when left out."`
	}
}

// grantOutput is the lot that was given.
type grantOutput struct {
	Status int
	Replay string `header:"Idempotent-Replayed" doc:"true when the request had been made before."`
	Body   CreditLot
}

// maxGrant bounds a grant in minor units, so that a slip of the hand stays small.
const maxGrant = 10_000_000

// grantCredit gives store credit once for each Idempotency-Key: the record of the key is written with the lot, whose
// own key holds its end and so differs from request to request. 1 round trip. Errors: 422 for an amount that is none or
// a key that was used for another grant.
func (f *Returns) grantCredit(ctx context.Context, in *grantInput) (*grantOutput, error) {
	now, b := f.Clock.Now(), in.Body
	var wrong problem.Fields
	wrong.Require(b.Amount.Validate() == nil, "/amount/currency", "not_allowed", "a currency of ISO 4217")
	wrong.Between(int(b.Amount.Amount), 1, maxGrant, "/amount/amount")
	wrong.Require(b.ExpiresAt == nil || b.ExpiresAt.After(now), "/expiresAt", "too_small", "in the future")
	wrong.Text(b.Reason, 1, maxReason, "/reason")
	if b.Email != "" {
		email, err := format.Email("/email", b.Email)
		wrong.Note(err)
		b.Email = email
	}
	if b.Language != "" {
		_, err := format.Language("/language", b.Language)
		wrong.Note(err)
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	lot := storecredit.Lot{
		ID: id.New("lot", now), CustomerID: in.CustomerID, Email: b.Email, Language: b.Language,
		Currency: b.Amount.Currency, Amount: b.Amount.Amount, Reason: b.Reason, By: subject(ctx),
		ExpiresAt: now.Add(storecredit.LastsFor),
	}
	if b.ExpiresAt != nil {
		lot.ExpiresAt = b.ExpiresAt.UTC()
	}
	var err error
	lot.Event, err = event.New(ctx, now, events.CreditGranted{
		LotID: lot.ID, CustomerID: lot.CustomerID, Email: lot.Email, Language: lot.Language, Amount: b.Amount,
		Reason: b.Reason, ExpiresAt: lot.ExpiresAt,
	})
	if err != nil {
		return nil, err
	}
	out := &grantOutput{Status: 201, Body: CreditLot{
		ID: lot.ID, Amount: b.Amount.Formatted(), Left: b.Amount.Formatted(), Reason: b.Reason, By: lot.By, CreatedAt: now,
		ExpiresAt: lot.ExpiresAt,
	}}
	keyed := api.Idempotency(ctx)
	done, err := keyed.AnswerWrite(out.Body)
	if err != nil {
		return nil, err
	}
	err = f.Table.Transact(ctx, lot.ID, done, storecredit.Grant(lot, now))
	// The first write is the record of the key: the request was answered before.
	if refused, ok := table.Refused(err); ok && refused.Refused(0) {
		out.Replay, out.Body = "true", CreditLot{}
		err = keyed.Replay(refused.Reasons[0].Item, &out.Body)
	}
	return out, err
}
