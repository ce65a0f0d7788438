// Package demo fills an empty shop: Haneul, a made-up Korean cosmetics brand with 24 products in Korean and English, in
// won and dollars, among them two gift sets and a limited edition, plans to subscribe to, a sale for the coming
// weekend, a code, codes that series of mails give away, people who agreed to advertising, a draft of a campaign,
// reviews in both languages, and three returns to work on. It goes through the API like any merchant.
package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"strings"
	"time"

	"dangol/infra/local/issuer"
	"dangol/infra/local/runner"
)

//go:embed products.csv
var products string

//go:embed extras.json
var extras []byte

// Seed fills the shop. It does so once: a shop that has products and was not filled by a Seed that was interrupted is
// left alone. After an interruption it does everything again, by the clock of the first time and with the same
// idempotency keys, so that what was made then is found and not made twice. That holds for the 24 hours that keys are
// kept. Meanwhile nobody moves the clock: the token would expire, and what is planned for the weekend would be over.
func Seed(ctx context.Context, r *runner.Runner) error {
	defer r.HoldClock()()
	token, err := r.Issuer().Mint(issuer.Claims{Subject: "merchant-demo", Email: "merchant@haneul.example",
		Groups: []string{"merchant"}})
	if err != nil {
		return err
	}
	s := shop{address: r.Address(), token: token}
	var list struct {
		Products []json.RawMessage `json:"products"`
	}
	if err := s.call(ctx, http.MethodGet, "/admin/products?limit=1", "", nil, &list); err != nil {
		return err
	}
	began, filling, err := begin(r.File("demo"), r.Clock().Now(), len(list.Products) > 0)
	if err != nil || !filling {
		return err
	}
	for _, step := range []func(context.Context, time.Time) error{
		s.fill, s.subscriptions, s.faq, s.season, s.outreach, s.reviews,
	} {
		if err := step(ctx, began); err != nil {
			return err
		}
	}
	if err := s.returns(ctx, r); err != nil {
		return err
	}
	return finish(r.File("demo"))
}

// shop calls the API with a merchant's token.
type shop struct{ address, token string }

func (s shop) fill(ctx context.Context, _ time.Time) error {
	for line := range strings.Lines(products) {
		handle, rest, _ := strings.Cut(line, ",")
		title, _, _ := strings.Cut(rest, ",")
		// Pictures are uploaded first, because the import checks nothing but the address.
		if strings.Contains(line, "{media}") {
			if err := s.picture(ctx, handle, title); err != nil {
				return err
			}
		}
	}
	csv := strings.ReplaceAll(products, "{media}", s.address+"/aws/s3/media")
	var report struct {
		Failed int               `json:"failed"`
		Errors []json.RawMessage `json:"errors"`
	}
	if err := s.call(ctx, http.MethodPost, "/products/import?currency=KRW", "text/csv", []byte(csv), &report); err != nil {
		return err
	}
	if report.Failed > 0 {
		return fmt.Errorf("products: %s", report.Errors)
	}
	return s.extras(ctx)
}

// picture draws a plain label and puts it into the media bucket, so that no image files have to be
// kept here. The color follows from the handle and is the same at each start.
func (s shop) picture(ctx context.Context, handle, title string) error {
	h := fnv.New32a()
	h.Write([]byte(handle))
	hue := h.Sum32() % 360
	svg := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 600"><rect width="600" height="600" fill="hsl(%d 30%% 92%%)"/>`+
		`<rect x="210" y="130" width="180" height="340" rx="28" fill="hsl(%d 32%% 58%%)"/><rect x="250" y="90" width="100" height="50" rx="8" fill="hsl(%d 25%% 30%%)"/>`+
		`<text x="300" y="310" text-anchor="middle" font-family="serif" font-size="26" fill="#fff">%s</text></svg>`, hue, hue, hue, title)
	return s.call(ctx, http.MethodPut, "/aws/s3/media/"+handle+".svg", "image/svg+xml", []byte(svg), nil)
}

// extra is a product that a CSV row cannot describe: a gift set or a limited edition. Component handles stand for the
// first variant of that product.
type extra struct {
	Product map[string]any `json:"product"`
	Parts   []struct {
		Handle   string `json:"handle"`
		Quantity int    `json:"quantity"`
	} `json:"parts"`
	Stock int `json:"stock"`
}

// extras makes the gift sets and limited editions.
func (s shop) extras(ctx context.Context) error {
	var all []extra
	if err := json.Unmarshal(extras, &all); err != nil {
		return err
	}
	for _, e := range all {
		if err := s.extra(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// described is the part of a product that is needed for references.
type described struct {
	Handle   string `json:"handle"`
	Variants []struct {
		ID string `json:"id"`
	} `json:"variants"`
}

// extra makes one product, with components by handle and with its stock.
func (s shop) extra(ctx context.Context, e extra) error {
	handle := fmt.Sprint(e.Product["handle"])
	if err := s.picture(ctx, handle, handle); err != nil {
		return err
	}
	e.Product["images"] = []map[string]string{{"url": s.address + "/aws/s3/media/" + handle + ".svg"}}
	var parts []map[string]any
	for _, p := range e.Parts {
		var d described
		if err := s.call(ctx, http.MethodGet, "/products/"+p.Handle, "", nil, &d); err != nil {
			return err
		}
		parts = append(parts, map[string]any{"variantId": d.Variants[0].ID, "quantity": p.Quantity})
	}
	if parts != nil {
		variants := e.Product["variants"].([]any)
		variants[0].(map[string]any)["components"] = parts
	}
	raw, err := json.Marshal(e.Product)
	if err != nil {
		return err
	}
	// The images have the address of this run: a product that an interrupted run has made is not the same as text.
	var made described
	if s.call(ctx, http.MethodGet, "/products/"+handle, "", nil, &made) != nil {
		if err := s.call(ctx, http.MethodPost, "/products", "application/json", raw, &made); err != nil {
			return fmt.Errorf("%s: %w", handle, err)
		}
	}
	if e.Stock == 0 {
		return nil
	}
	level := fmt.Appendf(nil, `{"available":%d}`, e.Stock)
	return s.call(ctx, http.MethodPut, "/stock/"+made.Variants[0].ID, "application/json", level, nil)
}

// call sends one request and decodes the answer; any status of 300 or more is an error with the
// body.
func (s shop) call(ctx context.Context, method, path, contentType string, body []byte, out any) error {
	header := map[string]string{}
	if contentType != "" {
		header["Content-Type"] = contentType
	}
	return s.callWith(ctx, method, path, header, body, out)
}

func (s shop) callWith(ctx context.Context, method, path string, header map[string]string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, s.address+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	for name, value := range header {
		req.Header.Set(name, value)
	}
	if method == http.MethodPost {
		sum := sha256.Sum256([]byte(path + "\n" + string(body)))
		req.Header.Set("Idempotency-Key", "demo-"+hex.EncodeToString(sum[:16]))
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, answer.Status, raw)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(raw, out)
}
