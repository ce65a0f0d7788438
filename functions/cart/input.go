package cart

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"

	"dangol/shared/api"
	"dangol/shared/cart"
	"dangol/shared/problem"

	"context"
)

// at is in every input that names a cart.
type at struct {
	CartID   string `path:"cartId" maxLength:"64" doc:"The cart's id, or mine for the customer's own." example:"mine"`
	Token    string `header:"Cart-Token" maxLength:"200" doc:"The token of a guest's cart."`
	Language string `header:"Accept-Language" maxLength:"200" doc:"Languages for titles and names, best first." example:"ko"`
}

// changing is in every input that changes a cart.
type changing struct {
	at
	IfMatch string `header:"If-Match" maxLength:"200" doc:"The ETag of the cart that the change is meant for; 412 when it has moved on."`
}

// fresh is 412 unless the cart is the one that the request is meant for.
func (in changing) fresh(c *cart.Cart) error {
	if !api.Matches(in.IfMatch, strconv.Itoa(c.Version)) {
		return problem.Precondition("version_mismatch", "The cart has changed since you read it.").With("version", c.Version)
	}
	return nil
}

// attempt names the request for the cart's own memory of idempotency keys, with what it asks for.
func attempt(ctx context.Context, body any) (cart.Attempt, error) {
	r := api.Idempotency(ctx)
	if !r.Keyed() {
		return cart.Attempt{}, nil
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return cart.Attempt{}, err
	}
	sum := sha256.Sum256(raw)
	return cart.Attempt{Key: r.Token(""), Hash: hex.EncodeToString(sum[:8])}, nil
}

type beginInput struct {
	Language string `header:"Accept-Language" maxLength:"200" doc:"Languages for titles and names, best first." example:"ko"`
	Body     *struct {
		Currency string `json:"currency,omitempty" pattern:"^[A-Z]{3}$" doc:"ISO 4217; the shop's first when left out." example:"KRW"`
		Language string `json:"language,omitempty" pattern:"^[a-z]{2,3}$" doc:"Of mails about this cart; the best of Accept-Language when left out." example:"ko"`
	}
}

type getInput struct{ at }

type lineBody struct {
	VariantID  string            `json:"variantId" minLength:"1" maxLength:"100" doc:"What to buy." example:"var_01k9xxxxxxxxxxxxxxxxxxxxxx_0"`
	Quantity   int               `json:"quantity,omitempty" minimum:"1" maximum:"999" default:"1" doc:"How many more of it."`
	Properties map[string]string `json:"properties,omitempty" maxProperties:"10" doc:"Engraving, gift note: up to 10 texts of up to 500 characters. Lines with other properties stay apart." example:"{\"engraving\":\"하늘\"}"`
}

type addLineInput struct {
	changing
	Body lineBody
}

type setLineInput struct {
	changing
	LineID string `path:"lineId" maxLength:"64"`
	Body   struct {
		Quantity int `json:"quantity" minimum:"0" maximum:"999" doc:"How many there are to be; 0 removes the line." example:"2"`
	}
}

type removeLineInput struct {
	changing
	LineID string `path:"lineId" maxLength:"64"`
}

type codesInput struct {
	changing
	Body struct {
		Codes []string `json:"codes" nullable:"false" maxItems:"10" doc:"All codes of the cart; they replace those it has." example:"[\"WELCOME\"]"`
	}
}

type removeCodeInput struct {
	changing
	Code string `path:"code" maxLength:"200"`
}

type contactInput struct {
	changing
	Body struct {
		Email    string `json:"email" format:"email" maxLength:"254" doc:"Where the order confirmation goes." example:"haneul@example.com"`
		Language string `json:"language,omitempty" pattern:"^[a-z]{2,3}$" doc:"Of mails about this cart; left as it is when left out." example:"ko"`
	}
}

type addressInput struct {
	changing
	Body cart.Address
}

type shippingInput struct {
	changing
	Body struct {
		MethodID string `json:"methodId" minLength:"1" maxLength:"40" doc:"One of the cart's shippingMethods." example:"standard"`
	}
}

type currencyInput struct {
	changing
	Body struct {
		Currency string `json:"currency" pattern:"^[A-Z]{3}$" doc:"ISO 4217." example:"USD"`
	}
}

type noteInput struct {
	changing
	Body struct {
		Note string `json:"note" maxLength:"1000" doc:"A note to the shop; empty removes it." example:"문 앞에 놓아 주세요"`
	}
}

type acceptInput struct{ changing }

type mergeInput struct {
	Language string `header:"Accept-Language" maxLength:"200" doc:"Languages for titles and names, best first." example:"ko"`
	Body     struct {
		CartID string `json:"cartId" minLength:"1" maxLength:"64" doc:"The guest's cart." example:"cart_01k9xxxxxxxxxxxxxxxxxxxxxx"`
		Token  string `json:"token" minLength:"1" maxLength:"200" doc:"Its token."`
	}
}
