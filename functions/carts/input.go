package carts

import (
	"context"
	"strconv"

	"dangol/shared/address"
	"dangol/shared/cart"
	"dangol/shared/platform/api"
	"dangol/shared/platform/problem"
)

// Which is in every input that names a cart. Huma reads only exported fields, embedded ones too.
type Which struct {
	CartID   string `path:"cartId" maxLength:"64" doc:"The cart's id, or mine for the customer's own." example:"mine"`
	Token    string `header:"Cart-Token" maxLength:"200" doc:"The token of a guest's cart."`
	Language string `header:"Accept-Language" maxLength:"200" doc:"Languages for titles and names, best first." example:"ko"`
}

// Changing is in every input that changes a cart.
type Changing struct {
	Which
	IfMatch string `header:"If-Match" maxLength:"200" doc:"The ETag of the cart that the change is meant for; 412 when it has moved on."`
}

// fresh is 412 unless the cart is the one that the request is meant for.
func (in Changing) fresh(c *cart.Cart) error {
	if !api.Matches(in.IfMatch, strconv.Itoa(c.Version)) {
		return problem.Precondition("version_mismatch", "The cart has changed since you read it.").With("version", c.Version)
	}
	return nil
}

// attempt names the request for the cart's own memory of idempotency keys, with what it asks for.
func attempt(ctx context.Context, body any) (cart.Attempt, error) {
	key, hash, err := api.Idempotency(ctx).Named(body)
	return cart.Attempt{Key: key, Hash: hash}, err
}

// The inputs below are what Huma decodes and validates by
// their tags; their doc tags become the OpenAPI document.
type beginInput struct {
	Language string `header:"Accept-Language" maxLength:"200" doc:"Languages for titles and names, best first." example:"ko"`
	Body     *struct {
		Currency string `json:"currency,omitempty" pattern:"^[A-Z]{3}$" doc:"ISO 4217; the shop's first when left out." example:"KRW"`
		Language string `json:"language,omitempty" pattern:"^[a-z]{2,3}$" doc:"Of mails about this cart; the best of Accept-Language when left out." example:"ko"`
	}
}

type getInput struct{ Which }

// CartChoice is what a shopper puts into the cart.
type CartChoice struct {
	VariantID  string            `json:"variantId" minLength:"1" maxLength:"100" doc:"What to buy." example:"var_01k9xxxxxxxxxxxxxxxxxxxxxx_0"`
	Quantity   int               `json:"quantity,omitempty" minimum:"1" maximum:"999" default:"1" doc:"How many more of it."`
	Properties map[string]string `json:"properties,omitempty" maxProperties:"10" doc:"Engraving, gift note: up to 10 texts of up to 500 characters. Lines with other properties stay apart." example:"{\"engraving\":\"하늘\"}"`
}

type addLineInput struct {
	Changing
	Body CartChoice
}

type setLineInput struct {
	Changing
	LineID string `path:"lineId" maxLength:"64"`
	Body   struct {
		Quantity int `json:"quantity" minimum:"0" maximum:"999" doc:"How many there are to be; 0 removes the line." example:"2"`
	}
}

type removeLineInput struct {
	Changing
	LineID string `path:"lineId" maxLength:"64"`
}

type codesInput struct {
	Changing
	Body struct {
		Codes []string `json:"codes" nullable:"false" maxItems:"10" doc:"All codes of the cart; they replace those it has." example:"[\"WELCOME\"]"`
	}
}

type removeCodeInput struct {
	Changing
	Code string `path:"code" maxLength:"200"`
}

type giftsInput struct {
	Changing
	PromotionID string `path:"promotionId" maxLength:"64" doc:"Of one of the cart's giftChoices."`
	Body        struct {
		VariantIDs []string `json:"variantIds" nullable:"false" maxItems:"20" doc:"The gifts the shopper would have." example:"[\"var_01k9xxxxxxxxxxxxxxxxxxxxxx_0\"]"`
	}
}

type contactInput struct {
	Changing
	Body struct {
		Email    string `json:"email" format:"email" maxLength:"254" doc:"Where the order confirmation goes." example:"haneul@example.com"`
		Language string `json:"language,omitempty" pattern:"^[a-z]{2,3}$" doc:"Of mails about this cart; left as it is when left out." example:"ko"`
	}
}

type addressInput struct {
	Changing
	Body address.Address
}

type shippingInput struct {
	Changing
	Body struct {
		MethodID string `json:"methodId" minLength:"1" maxLength:"40" doc:"One of the cart's shippingMethods." example:"standard"`
	}
}

type currencyInput struct {
	Changing
	Body struct {
		Currency string `json:"currency" pattern:"^[A-Z]{3}$" doc:"ISO 4217." example:"USD"`
	}
}

type noteInput struct {
	Changing
	Body struct {
		Note string `json:"note" maxLength:"1000" doc:"A note to the shop; empty removes it." example:"문 앞에 놓아 주세요"`
	}
}

type acceptInput struct{ Changing }

type mergeInput struct {
	Language string `header:"Accept-Language" maxLength:"200" doc:"Languages for titles and names, best first." example:"ko"`
	Body     struct {
		CartID string `json:"cartId" minLength:"1" maxLength:"64" doc:"The guest's cart." example:"cart_01k9xxxxxxxxxxxxxxxxxxxxxx"`
		Token  string `json:"token" minLength:"1" maxLength:"200" doc:"Its token."`
	}
}
