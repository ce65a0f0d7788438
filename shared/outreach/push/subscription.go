// Package push sends web push messages: RFC 8030 (delivery), RFC 8291 (encryption), RFC 8292 (VAPID). Encryption and
// signature come from webpush-go; here is what it leaves open: whose endpoints are spoken to, what an answer means, and
// the clock.
package push

import (
	"crypto/ecdh"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Subscription is one browser that agreed to receive messages, as PushSubscription.toJSON() writes it.
type Subscription struct {
	Endpoint string `json:"endpoint" dynamodbav:"endpoint"`
	P256dh   string `json:"p256dh" dynamodbav:"p256dh"`
	Auth     string `json:"auth" dynamodbav:"auth"`
}

// ErrSubscription says that a subscription is not one that messages may be sent to.
var ErrSubscription = errors.New("push: not a subscription")

// Hosts are the push services of the browsers. The endpoint comes from the client, so any other host would let a
// stranger choose where our servers send requests to (SSRF). A name that begins with a dot stands for all names that
// end with it.
var Hosts = []string{
	"fcm.googleapis.com", "jmt17.google.com", "updates.push.services.mozilla.com", ".push.services.mozilla.com",
	".notify.windows.com",
	// Apple has both a fixed name and regional ones.
	"web.push.apple.com", ".push.apple.com",
}

// maxEndpoint is longer than any in use.
const maxEndpoint = 1024

// Check says whether messages may be sent to the subscription: its endpoint is https on one of the hosts, its keys have
// the right form. Error: ErrSubscription.
func (s Subscription) Check(hosts []string) error {
	u, err := url.Parse(s.Endpoint)
	switch {
	case err != nil || len(s.Endpoint) > maxEndpoint || u.User != nil || u.Fragment != "" || u.Path == "":
		return fmt.Errorf("%w: the endpoint is no address", ErrSubscription)
	case u.Scheme != "https" && !localTest(u, hosts):
		return fmt.Errorf("%w: the endpoint is not https", ErrSubscription)
	case !allowed(u, hosts):
		return fmt.Errorf("%w: %q is no push service", ErrSubscription, u.Host)
	}
	public, err := decode(s.P256dh)
	if err != nil {
		return fmt.Errorf("%w: p256dh is not base64url", ErrSubscription)
	}
	// NewPublicKey refuses points that are not on the curve (invalid curve attack).
	if _, err := ecdh.P256().NewPublicKey(public); err != nil {
		return fmt.Errorf("%w: p256dh is no point of P-256", ErrSubscription)
	}
	if secret, err := decode(s.Auth); err != nil || len(secret) != 16 {
		return fmt.Errorf("%w: auth is not 16 bytes in base64url", ErrSubscription)
	}
	return nil
}

// localTest allows http for hosts that are listed with their port, which only a laptop does.
func localTest(u *url.URL, hosts []string) bool {
	for _, h := range hosts {
		if u.Scheme == "http" && u.Port() != "" && strings.EqualFold(u.Host, h) {
			return true
		}
	}
	return false
}

// allowed compares host names in lower case; a port is only for the laptop.
func allowed(u *url.URL, hosts []string) bool {
	if u.Port() != "" {
		return localTest(u, hosts)
	}
	name := strings.ToLower(u.Hostname())
	for _, h := range hosts {
		// The dot is part of the suffix, so "evilpush.apple.com.example" and "notpush.apple.com" do
		// not pass.
		if name == h || strings.HasPrefix(h, ".") && strings.HasSuffix(name, h) {
			return true
		}
	}
	return false
}

// decode reads base64url with or without padding, as browsers differ.
func decode(s string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
}
