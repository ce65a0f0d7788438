package checkout

import (
	"context"
	"time"

	"dangol/shared/boot"
	"dangol/shared/cart"
	"dangol/shared/catalogue"
	"dangol/shared/order"
	"dangol/shared/payment/providers"
	"dangol/shared/pricing"
)

// FromEnv builds the service from COMMERCE_TABLE, SHOP_CONFIG (the shop's configuration as JSON or the path of a file with
// it; the embedded one when empty) and the variables of the payment provider.
func FromEnv(ctx context.Context, env *boot.Env) (*Service, error) {
	shop, err := pricing.LoadShop(env.Getenv("SHOP_CONFIG"))
	if err != nil {
		return nil, err
	}
	provider, err := providers.FromEnv(env)
	if err != nil {
		return nil, err
	}
	tables, err := env.Tables(ctx, "COMMERCE_TABLE")
	if err != nil {
		return nil, err
	}
	commerce := tables[0]
	return &Service{
		Table: commerce, Carts: cart.Store{Table: commerce, Clock: env.Clock}, Shop: shop, Codes: cart.NoCodes{},
		Shelf:    catalogue.NewShelf(commerce, env.Clock, time.Minute),
		Provider: provider, Clock: env.Clock, Log: env.Log,
		Cashier: order.Cashier{
			Orders: order.Store{Table: commerce, Clock: env.Clock}, Provider: provider, Clock: env.Clock, Log: env.Log,
		},
	}, nil
}
