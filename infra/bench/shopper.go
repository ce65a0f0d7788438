package main

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
)

// shopper is a guest with a cart. It works alone; several of them make the load.
type shopper struct {
	*system
	n           int // number, which makes keys differ
	cart, token string
}

// sequence makes idempotency keys and addresses that never repeat within a run.
var sequence atomic.Int64

// headers prove the cart and carry a fresh key: a repeated one would measure a replay.
func (s *shopper) headers() map[string]string {
	return map[string]string{
		"Cart-Token": s.token, "Idempotency-Key": "bench-key-" + strconv.Itoa(s.n) + "-" + strconv.FormatInt(sequence.Add(1),
			10),
	}
}

// newCart begins a guest's cart.
func (s *shopper) newCart() error {
	var made struct {
		Cart  struct{ ID string }
		Token string
	}
	if err := fetch(http.MethodPost, s.address+"/carts", nil, map[string]any{"currency": "KRW"}, &made); err != nil {
		return err
	}
	s.cart, s.token = made.Cart.ID, made.Token
	return nil
}

// add puts one unit into the cart.
func (s *shopper) add() error {
	return fetch(http.MethodPost, s.address+"/carts/"+s.cart+"/lines", s.headers(),
		map[string]any{"variantId": s.variant, "quantity": 1}, nil)
}

// fullCart is a cart with four lines.
func (s *shopper) fullCart() error {
	if err := s.newCart(); err != nil {
		return err
	}
	for i := range 4 {
		// Other properties make it a line of its own.
		body := map[string]any{"variantId": s.variant, "quantity": 1,
			"properties": map[string]string{"note": strconv.Itoa(i)}}
		if err := fetch(http.MethodPost, s.address+"/carts/"+s.cart+"/lines", s.headers(), body, nil); err != nil {
			return err
		}
	}
	return nil
}

// readyCart is a cart that can be bought. Each is of somebody else: one person who orders hundreds of times would grow
// a profile that nobody has.
func (s *shopper) readyCart() error {
	if err := s.newCart(); err != nil {
		return err
	}
	if err := s.add(); err != nil {
		return err
	}
	steps := []struct {
		path string
		body any
	}{
		{"/contact", map[string]string{"email": fmt.Sprintf("shopper%d@example.com", sequence.Add(1))}},
		{"/address", map[string]string{"name": "김하늘", "line1": "왕십리로 83", "postalCode": "04769", "country": "KR"}},
		{"/shipping-method", map[string]string{"methodId": "standard"}},
	}
	for _, step := range steps {
		if err := fetch(http.MethodPut, s.address+"/carts/"+s.cart+step.path, s.headers(), step.body, nil); err != nil {
			return err
		}
	}
	return nil
}

// buy pays with the test card that succeeds.
func (s *shopper) buy() error {
	return fetch(http.MethodPost, s.address+"/carts/"+s.cart+"/checkout", s.headers(),
		map[string]any{"paymentMethod": "pm_card_visa"}, nil)
}

// purchase is everything from an empty cart with two lines to the order.
func (s *shopper) purchase() error {
	if err := s.readyCart(); err != nil {
		return err
	}
	second := map[string]any{"variantId": s.variant, "quantity": 1, "properties": map[string]string{"note": "gift"}}
	if err := fetch(http.MethodPost, s.address+"/carts/"+s.cart+"/lines", s.headers(), second, nil); err != nil {
		return err
	}
	return s.buy()
}

// get reads a page as the shopper and throws it away.
func (s *shopper) get(path string) error {
	req, err := http.NewRequest(http.MethodGet, s.address+path, nil)
	if err != nil {
		return err
	}
	if s.token != "" {
		req.Header.Set("Cart-Token", s.token)
	}
	answer, err := client.Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", path, answer.Status)
	}
	return nil
}
