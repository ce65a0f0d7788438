package push_test

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/SherClockHolmes/webpush-go"

	"dangol/infra/testkit/pushtest"
	"dangol/shared/outreach/push"
)

func raw(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func TestTheDecryptionAgreesWithTheExampleOfRFC8291(t *testing.T) {
	t.Parallel()
	private, err := ecdh.P256().NewPrivateKey(raw(t, "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"))
	if err != nil {
		t.Fatal(err)
	}
	body := raw(t, "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz"+
		"AC8wEqKK6PBru3jl7A_y"+
		"l95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN")
	if got := pushtest.Decrypt(t, private, raw(t, "BTBZMqHH6r4Tts7J_aSIgg"),
		body); got != "When I grow up, I want to be a watermelon" {
		t.Errorf("got %q", got)
	}
}

// service is a push service and one browser subscribed to it.
type service struct {
	*httptest.Server
	private      *ecdh.PrivateKey
	auth         []byte
	subscription push.Subscription
	requests     chan *http.Request
	bodies       chan []byte
	answer       func(http.ResponseWriter)
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{auth: make([]byte, 16), requests: make(chan *http.Request, 9), bodies: make(chan []byte, 9),
		answer: func(w http.ResponseWriter) { w.WriteHeader(http.StatusCreated) }}
	_, _ = rand.Read(s.auth)
	var err error
	if s.private, err = ecdh.P256().GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.requests <- r
		s.bodies <- body
		s.answer(w)
	}))
	t.Cleanup(s.Close)
	s.subscription = push.Subscription{Endpoint: s.URL + "/send/1", P256dh: text(s.private.PublicKey().Bytes()),
		Auth: text(s.auth)}
	return s
}

func (s *service) hosts() []string { return []string{strings.TrimPrefix(s.URL, "http://")} }

func identity(t testing.TB) push.VAPID {
	t.Helper()
	private, public, err := webpush.GenerateVAPIDKeys()
	if err != nil {
		t.Fatal(err)
	}
	return push.VAPID{Public: public, Private: private, Subject: "mailto:help@shop.example.com"}
}

func (s *service) sender(t *testing.T, v push.VAPID) *push.Sender {
	t.Helper()
	sender, err := push.NewSender(s.Client(), v, s.hosts())
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

func TestAMessageReachesTheBrowser(t *testing.T) {
	t.Parallel()
	s, v := newService(t), identity(t)
	answer, err := s.sender(t, v).Send(t.Context(), s.subscription, push.Message{
		Body: []byte(`{"title":"하늘 비누"}`), Topic: "cart_1", TTL: time.Hour, Urgency: push.Normal,
	})
	if err != nil || answer.Outcome != push.Accepted {
		t.Fatalf("%+v, %v", answer, err)
	}
	r := <-s.requests
	for name, want := range map[string]string{"Content-Encoding": "aes128gcm", "TTL": "3600", "Topic": "cart_1",
		"Urgency": "normal"} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := pushtest.Decrypt(t, s.private, s.auth, <-s.bodies); got != `{"title":"하늘 비누"}` {
		t.Errorf("the browser reads %q", got)
	}
	checkVAPID(t, r.Header.Get("Authorization"), v, s.URL)
}

// checkVAPID checks the signature of RFC 8292 with nothing but the standard library.
func checkVAPID(t *testing.T, header string, v push.VAPID, origin string) {
	t.Helper()
	token, key, ok := strings.Cut(strings.TrimPrefix(header, "vapid t="), ", k=")
	parts := strings.Split(token, ".")
	if !ok || strings.TrimRight(key, "=") != strings.TrimRight(v.Public, "=") || len(parts) != 3 {
		t.Fatalf("Authorization: %q", header)
	}
	point := raw(t, strings.TrimRight(v.Public, "="))
	public := ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int).SetBytes(point[1:33]),
		Y: new(big.Int).SetBytes(point[33:])}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	signature := raw(t, parts[2])
	if !ecdsa.Verify(&public, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		t.Error("the signature does not hold")
	}
	var claims struct {
		Aud, Sub string
		Exp      int64
	}
	if err := json.Unmarshal(raw(t, parts[1]), &claims); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if claims.Aud != origin || claims.Sub != v.Subject || time.Unix(claims.Exp, 0).Sub(now) > 24*time.Hour ||
		time.Unix(claims.Exp, 0).Before(now) {
		t.Errorf("claims %+v", claims)
	}
}

func TestWhatAnAnswerMeans(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]push.Outcome{
		201: push.Accepted, 202: push.Accepted, 404: push.Gone, 410: push.Gone, 400: push.Refused, 413: push.Refused,
		401: push.Misconfigured,
		403: push.Misconfigured, 429: push.Later, 500: push.Later, 503: push.Later, 301: push.Refused,
	} {
		s := newService(t)
		s.answer = func(w http.ResponseWriter) { w.Header().Set("Retry-After", "30"); w.WriteHeader(status) }
		answer, err := s.sender(t, identity(t)).Send(t.Context(), s.subscription, push.Message{Body: []byte("{}")})
		if answer.Outcome != want || (err == nil) != (want == push.Accepted) || answer.RetryAfter != 30*time.Second {
			t.Errorf("%d: %+v, %v", status, answer, err)
		}
	}
	gone := newService(t)
	gone.Close()
	if answer, err := gone.sender(t, identity(t)).Send(t.Context(), gone.subscription,
		push.Message{}); answer.Outcome != push.Unknown || err == nil {
		t.Errorf("nobody answers: %+v, %v", answer, err)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	inside := newService(t)
	s := newService(t)
	s.answer = func(w http.ResponseWriter) {
		w.Header().Set("Location", inside.URL)
		w.WriteHeader(http.StatusTemporaryRedirect)
	}
	answer, err := s.sender(t, identity(t)).Send(t.Context(), s.subscription, push.Message{Body: []byte("{}")})
	if answer.Outcome != push.Refused || err == nil || len(inside.requests) > 0 {
		t.Errorf("%+v, %v, %d requests inside", answer, err, len(inside.requests))
	}
}

func TestEndpointsThatAreNoPushService(t *testing.T) {
	t.Parallel()
	s := newService(t)
	good := s.subscription
	good.Endpoint = "https://fcm.googleapis.com/fcm/send/abc"
	if err := good.Check(push.Hosts); err != nil {
		t.Fatal(err)
	}
	for _, endpoint := range []string{
		"https://updates.push.services.mozilla.com/wpush/v2/x", "https://wns2-par02p.notify.windows.com/w/?token=x",
		"https://web.push.apple.com/x",
	} {
		good.Endpoint = endpoint
		if err := good.Check(push.Hosts); err != nil {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
	for _, endpoint := range []string{
		"http://fcm.googleapis.com/x", "https://169.254.169.254/latest/meta-data", "https://localhost/x",
		"https://fcm.googleapis.com.evil.example/x",
		"https://evil.example/fcm.googleapis.com", "https://fcm.googleapis.com@evil.example/x",
		"https://user@fcm.googleapis.com/x",
		"https://fcm.googleapis.com:8443/x", "https://[::1]/x", "ftp://fcm.googleapis.com/x",
		"https://evilpush.services.mozilla.com.example/x", "", "x",
		"https://notify.windows.com.evil/x", "https://fcm.googleapis.com",
		"https://fcm.googleapis.com/" + strings.Repeat("x", 2000), "http://127.0.0.1:80/x",
	} {
		bad := s.subscription
		bad.Endpoint = endpoint
		if err := bad.Check(push.Hosts); !errors.Is(err, push.ErrSubscription) {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
}

func TestKeysThatAreNone(t *testing.T) {
	t.Parallel()
	s := newService(t)
	offCurve := s.private.PublicKey().Bytes()
	offCurve[40] ^= 1
	for name, spoil := range map[string]func(*push.Subscription){
		"no key": func(x *push.Subscription) { x.P256dh = "" }, "not base64": func(x *push.Subscription) { x.P256dh = "%%%" },
		"off the curve":  func(x *push.Subscription) { x.P256dh = text(offCurve) },
		"no secret":      func(x *push.Subscription) { x.Auth = "" },
		"a short secret": func(x *push.Subscription) { x.Auth = text([]byte("short")) },
	} {
		bad := s.subscription
		spoil(&bad)
		if err := bad.Check(s.hosts()); !errors.Is(err, push.ErrSubscription) {
			t.Errorf("%s: %v", name, err)
		}
	}
	padded := s.subscription
	padded.P256dh, padded.Auth = padded.P256dh+"=", padded.Auth+"=="
	if err := padded.Check(s.hosts()); err != nil {
		t.Errorf("with padding: %v", err)
	}
}

func TestTheLargestMessageFitsAndALargerIsRefused(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sender := s.sender(t, identity(t))
	body := []byte(strings.Repeat("x", push.MaxBody))
	if _, err := sender.Send(t.Context(), s.subscription, push.Message{Body: body}); err != nil {
		t.Fatal(err)
	}
	<-s.requests
	sent := <-s.bodies
	if len(sent) != 4096 || pushtest.Decrypt(t, s.private, s.auth, sent) != string(body) {
		t.Errorf("%d bytes were sent", len(sent))
	}
	for _, m := range []push.Message{{Body: append(body, 'x')}, {Topic: "with space"}, {Topic: strings.Repeat("x", 33)},
		{TTL: -time.Second}} {
		if answer, err := sender.Send(t.Context(), s.subscription, m); answer.Outcome != push.Refused || err == nil {
			t.Errorf("%+v: %+v, %v", m.Topic, answer, err)
		}
	}
}

func TestIdentitiesThatPushServicesRefuse(t *testing.T) {
	t.Parallel()
	good := identity(t)
	for name, spoil := range map[string]func(*push.VAPID){
		"no subject":        func(v *push.VAPID) { v.Subject = "" },
		"http":              func(v *push.VAPID) { v.Subject = "http://shop.example.com" },
		"localhost":         func(v *push.VAPID) { v.Subject = "mailto:me@localhost" },
		".local":            func(v *push.VAPID) { v.Subject = "mailto:me@mac.local" },
		"no key":            func(v *push.VAPID) { v.Private = "" },
		"keys changed over": func(v *push.VAPID) { v.Public, v.Private = v.Private, v.Public },
	} {
		bad := good
		spoil(&bad)
		if _, err := push.NewSender(http.DefaultClient, bad, push.Hosts); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
