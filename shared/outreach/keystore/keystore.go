// Package keystore keeps the secrets that outreach makes for itself: the keys that sign links, and the identity towards
// push services. They are made when they are first needed and stored in the table Outreach, which is encrypted, so
// there is nothing to set up and nothing to lose in an environment variable. Links live for years: a key is never
// deleted, only followed by a newer one.
package keystore

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"dangol/shared/outreach/tracking"
	"dangol/shared/platform/table"
)

// Store reads and makes keys. It is safe for concurrent use.
type Store struct {
	Table *table.Table

	mu     sync.Mutex
	signer *tracking.Signer
	vapid  *VAPID
}

// links is the item with the keys of links, the newest first.
type links struct {
	table.Key
	Keys []linkKey `dynamodbav:"keys"`
}

// linkKey is one key of links. Its id stands in each token, so that old links find their key.
type linkKey struct {
	ID     string    `dynamodbav:"id"`
	Secret []byte    `dynamodbav:"secret"`
	MadeAt time.Time `dynamodbav:"madeAt"`
}

// VAPID is the key pair for web push, in base64url.
type VAPID struct {
	table.Key
	Public  string `dynamodbav:"public"`
	Private string `dynamodbav:"private"`
}

// Both are items of their own, because they are made at different times.
var (
	linksKey = table.Key{PK: "KEYS#links", SK: "KEYS"}
	vapidKey = table.Key{PK: "KEYS#vapid", SK: "KEYS"}
)

// secretSize of a key that signs links, in bytes.
const secretSize = 32

// Signer returns the signer of links. 1 round trip at the first call, 2 when there is no key yet.
func (s *Store) Signer(ctx context.Context, now time.Time) (*tracking.Signer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Kept for the life of the process, because keys never change.
	if s.signer != nil {
		return s.signer, nil
	}
	var found links
	err := s.firstOf(ctx, linksKey, &found, func() (any, error) {
		// The first two bytes become the public id; then the secret is drawn anew.
		secret := make([]byte, secretSize)
		if _, err := rand.Read(secret); err != nil {
			return nil, err
		}
		id := hex.EncodeToString(secret[:2])
		_, err := rand.Read(secret) // the id tells nothing of the secret
		return links{Key: linksKey, Keys: []linkKey{{ID: id, Secret: secret, MadeAt: now}}}, err
	})
	if err != nil {
		return nil, fmt.Errorf("keystore: links: %w", err)
	}
	return s.sign(found)
}

// Known returns the signer of links; nil when no key was made yet, so that nothing was signed. It makes none: who only
// checks may not write. 1 round trip at the first call that finds a key.
func (s *Store) Known(ctx context.Context) (*tracking.Signer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.signer != nil {
		return s.signer, nil
	}
	var found links
	err := s.Table.Get(ctx, linksKey, &found)
	if errors.Is(err, table.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("keystore: links: %w", err)
	}
	return s.sign(found)
}

// sign keeps the signer of the keys for the life of the process, because keys never change.
func (s *Store) sign(found links) (signer *tracking.Signer, err error) {
	keys := make([]tracking.Key, len(found.Keys))
	for i, k := range found.Keys {
		keys[i] = tracking.Key{ID: k.ID, Secret: k.Secret}
	}
	s.signer, err = tracking.NewSigner(keys...)
	return s.signer, err
}

// VAPID returns the key pair for web push; generate makes one when there is none yet.
func (s *Store) VAPID(ctx context.Context, generate func() (public, private string, err error)) (VAPID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.vapid != nil {
		return *s.vapid, nil
	}
	var found VAPID
	err := s.firstOf(ctx, vapidKey, &found, func() (any, error) {
		public, private, err := generate()
		return VAPID{Key: vapidKey, Public: public, Private: private}, err
	})
	if err != nil {
		return VAPID{}, fmt.Errorf("keystore: VAPID: %w", err)
	}
	s.vapid = &found
	return found, nil
}

// firstOf reads an item, and makes it when it is not there. Of several that make it at once, the first one's is taken
// by all.
func (s *Store) firstOf(ctx context.Context, key table.Key, into any, create func() (any, error)) error {
	err := s.Table.Get(ctx, key, into)
	if !errors.Is(err, table.ErrNotFound) {
		return err
	}
	made, err := create()
	if err != nil {
		return err
	}
	err = s.Table.Put(ctx, table.Put{Item: made, If: table.IfNew}) // a key is never replaced
	if _, other := table.Failed(err); err != nil && !other {
		return err
	}
	return s.Table.Get(ctx, key, into)
}
