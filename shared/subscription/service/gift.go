package service

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/events"
	"dangol/shared/address"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/event"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
)

// GiftTo is the recipient of a gift. Of the secret in the link of their mail only the hash is
// stored, so that a copy of the table opens no gift.
type GiftTo struct {
	Contact
	Hash string `json:"hash,omitempty"`
}

// MarshalDynamoDBAttributeValue stores it as one packed attribute, like the other parts of a
// record.
func (g GiftTo) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { return table.Pack(g) }

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (g *GiftTo) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, g)
}

// linkKept is how long the item with a gift's link stays in the table: long enough for the stream
// and retries of the mailer. DynamoDB may delete it a day or two later.
const linkKept = 24 * time.Hour

// giftNotFound is the answer for a link that opens no gift. It is the same for a wrong id and a
// wrong secret.
func giftNotFound() error {
	return problem.NotFound("gift_not_found", "This link opens no gift. A newer mail may have another.")
}

// GiftBy reads the gift that a mail's link opens: the token is the subscription's id, a dot and the secret. 1 round
// trip. Errors: 404 gift_not_found.
func (s *Service) GiftBy(ctx context.Context, token string) (*Record, error) {
	// The id in the token makes the read direct: no index from secret to gift is needed.
	subscriptionID, secret, ok := strings.Cut(token, ".")
	if !ok || secret == "" || !id.Is(Prefix, subscriptionID) {
		return nil, giftNotFound()
	}
	r, err := s.Load(ctx, subscriptionID)
	if problem.Code(err) == "subscription_not_found" {
		return nil, giftNotFound()
	}
	if err != nil {
		return nil, err
	}
	if g := r.GiftTo; g == nil || !auth.TokenFits(secret, g.Hash) {
		return nil, giftNotFound()
	}
	return r, nil
}

// LoadGift reads a gift for whoever claimed it; everybody else is told that there is none. Errors: 404 gift_not_found.
func (s *Service) LoadGift(ctx context.Context, id, customerID string) (*Record, error) {
	r, err := s.Load(ctx, id)
	if problem.Code(err) == "subscription_not_found" || err == nil &&
		(customerID == "" || r.Sub.Gift == nil || r.Sub.Gift.ClaimedBy != customerID) {
		return nil, giftNotFound()
	}
	return r, err
}

// ClaimedGift is a gift in the list of whoever claimed it.
type ClaimedGift struct {
	table.Key
	SubscriptionID string    `dynamodbav:"subscriptionId"`
	Title          string    `dynamodbav:"title"`
	From           string    `dynamodbav:"from"`
	At             time.Time `dynamodbav:"at"`
}

// claimedKey names a claimed gift in the recipient's list.
func claimedKey(customerID, id string) table.Key {
	return table.Key{PK: "GIFTED#" + customerID, SK: "GIFT#" + id}
}

// Gifts lists the gifts that a customer has claimed, newest first. 1 round trip, 0.5 RCU per 4 KB. Errors:
// table.ErrCursor.
func (s *Service) Gifts(ctx context.Context, customerID string, limit int, after table.Cursor) ([]ClaimedGift,
	table.Cursor, error) {
	return table.Latest(ctx, s.Table, claimedKey(customerID, "").PK, "GIFT#", limit, after, identity[ClaimedGift])
}

// Claim gives a gift to the customer of the command. to is how to reach them, place where their parcels go, under the
// command's AddressID; nil leaves the giver's. A repeated claim changes nothing. Errors: those of the command.
func (s *Service) Claim(ctx context.Context, r *Record, c subscription.ClaimGift, to Contact,
	place *address.Address) (*Record, error) {
	after, _, err := s.Apply(ctx, r, func(r *Record) (Change, bool, error) {
		// A repeated claim of the same customer.
		if g := r.Sub.Gift; g != nil && g.ClaimedBy == c.CustomerID {
			return Change{}, false, nil
		}
		return Change{
			Command: c,
			Edit: func(r *Record) {
				r.GiftTo = &GiftTo{Contact: to, Hash: r.GiftTo.Hash}
				if place != nil {
					r.Addresses = maps.Clone(r.Addresses)
					if r.Addresses == nil {
						r.Addresses = map[string]address.Address{}
					}
					r.Addresses[c.AddressID] = *place
				}
			},
			// The item is written with the claim, so that the list is complete. IfNew, because a
			// gift is claimed once.
			Required: []table.Write{table.Put{If: table.IfNew, Item: ClaimedGift{
				Key: claimedKey(c.CustomerID, r.Sub.ID), SubscriptionID: r.Sub.ID, Title: r.Title(), From: r.Name,
				At: s.Clock.Now(),
			}}},
		}, true, nil
	})
	return after, err
}

// giftMail makes the event for a gift's mail, with a new link: the links of earlier mails no longer
// work, because only the last hash is stored.
func (w *changeSet) giftMail(ctx context.Context, notice *StoredNotice, n subscription.Notice) (err error) {
	r := w.next
	secret := id.Secret()
	to := GiftTo{}
	if r.GiftTo != nil {
		to = *r.GiftTo
	}
	to.Email, to.Hash = r.Sub.Gift.Recipient, auth.HashToken(secret)
	r.GiftTo = &to
	// The event contains the secret, so its item must not stay.
	notice.TTL = w.now.Add(linkKept).Unix()
	notice.Event, err = event.New(ctx, w.now, events.SubscriptionGiftAnnounced{
		SubscriptionID: r.Sub.ID, Email: to.Email, Name: to.Name, Language: to.Language, From: r.Name,
		Message: r.Sub.Gift.Message,
		Plan:    r.Title(), Cycles: r.Sub.Terms.Prepaid, Until: string(n.Date), Token: r.Sub.ID + "." + secret,
	})
	return err
}

// addressee is who gets a notice: the giver pays and gets those about money; the recipient who
// claimed the gift gets those about parcels and about its end.
func (r *Record) addressee(kind subscription.NoticeKind) Contact {
	claimed := r.Sub.Gift != nil && r.Sub.Gift.ClaimedBy != "" && r.GiftTo != nil
	recipients := []subscription.NoticeKind{
		subscription.NoticeOutOfStock, subscription.NoticeEnded, subscription.NoticePaused, subscription.NoticeResumed,
		subscription.NoticeChangePlanned,
	}
	if claimed && slices.Contains(recipients, kind) {
		return r.GiftTo.Contact
	}
	return r.Contact
}
