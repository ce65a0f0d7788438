package cart

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"

	"dangol/shared/platform/auth"
	"dangol/shared/platform/id"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/table"
)

// CreateGuest makes a guest's cart with a token, and returns both. key is the idempotency key as the client
// sent it, r the request it belongs to.
// A repetition with the same idempotency key gets the cart of the first, as it is, with the same token.
//
// 1 round trip and 1 WCU; with a key a transaction of two items, 4 WCU, and 1 more read for a repetition. Errors: 422
// idempotency_key_reused, 404 cart_not_found for a repetition whose cart has gone into another.
func (s Store) CreateGuest(
	ctx context.Context, c Cart, r idempotency.Request, key string,
) (_ *Cart, token string, replayed bool, err error) {
	now := s.Clock.Now()
	c.ID = id.New(Prefix, now)
	c.Key, c.State, c.Version, c.CreatedAt, c.UpdatedAt = KeyOfGuest(c.ID), Open, 1, now, now
	c.TTL = keep(&c, now)
	token = tokenOf(key, c.ID)
	c.TokenHash = auth.HashToken(token)
	c.WriteID = id.Secret()[:writeIDLength]
	item, err := table.Encode(&c)
	if err != nil {
		return nil, "", false, err
	}
	create := table.Put{Item: item, If: table.IfNew}
	if !r.Keyed() {
		err := s.Table.Put(ctx, create)
		// Nobody else has this id: a refusal means that the first answer was lost.
		if failed, refused := table.Failed(err); refused && failed.Item.Text("tokenHash") == c.TokenHash {
			err = nil
		}
		if err == nil {
			s.Recent.keep(c.ID, item)
		}
		return &c, token, false, err
	}
	done, err := r.AnswerWrite(c.ID)
	if err != nil {
		return nil, "", false, err
	}
	// The answer comes first in the transaction, so that index 0 of a refusal is the idempotency
	// record.
	err = s.Table.Transact(ctx, c.ID, done, create)
	canceled, refused := table.Refused(err)
	if !refused || !canceled.Refused(0) {
		if err == nil {
			s.Recent.keep(c.ID, item)
		}
		return &c, token, false, err
	}
	// The key has been used. The record tells the id of the first cart; its token follows from key
	// and id.
	var first string
	if err := r.Replay(canceled.Reasons[0].Item, &first); err != nil {
		return nil, "", false, err
	}
	token = tokenOf(key, first)
	// Read with the token, not by id alone: a cart that was merged into a customer's is gone, and
	// the answer is 404.
	prior, err := s.Load(ctx, Ref{CartID: first, Token: token})
	return prior, token, true, err
}

// tokenOf makes a guest's token. With an idempotency key it is made of the key and the cart's id, so a repeated request
// gets the token again though it is stored nowhere.
func tokenOf(key, cartID string) string {
	// Nothing to derive it from: a random token of 160 bits, which only this answer tells.
	if key == "" {
		return id.Secret()
	}
	// The key is the secret here: whoever knows it could have made the request. The text before the
	// id keeps this use of the key apart from any other.
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("cart token of " + cartID))
	// 20 bytes: 160 bits, as for a random token.
	return lineEncoding.EncodeToString(mac.Sum(nil)[:20])
}
