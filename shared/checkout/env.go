package checkout

import (
	"context"
	"time"

	"dangol/shared/cart"
	"dangol/shared/catalog"
	"dangol/shared/order"
	"dangol/shared/payment/providers"
	"dangol/shared/platform/boot"
	"dangol/shared/pricing"
	"dangol/shared/promotion/store"
)

// FromEnv builds the service from COMMERCE_TABLE, SHOP_CONFIG (the shop's configuration as JSON or the path of a file
// with it; the embedded one when empty), CATALOG_CACHE_TTL (how old promotions may be, 2) and the variables of the
// payment provider.
func FromEnv(ctx context.Context, env *boot.Env) (*Service, error) {
	var config struct {
		CacheTTL int `env:"CATALOG_CACHE_TTL,default=2"`
	}
	if err := env.Config(&config); err != nil {
		return nil, err
	}
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
	counts := env.Metrics()
	// The cache answers for promotions; a claim that is out of date is refused by its counter.
	cache := store.NewCache(store.Store{Table: commerce, Clock: env.Clock, PriorDays: shop.PriorPriceDays},
		time.Duration(config.CacheTTL)*time.Second)
	return &Service{
		Table: commerce, Carts: cart.Store{Table: commerce, Clock: env.Clock}, Shop: shop, Promotions: cache,
		Catalog:  catalog.NewCache(commerce, env.Clock, time.Minute),
		Provider: provider, Clock: env.Clock, Log: env.Log, Metrics: counts,
		Completed: NewCompletedCheckouts(),
		Cashier: order.Cashier{
			Orders: order.Store{Table: commerce, Clock: env.Clock}, Provider: provider, Clock: env.Clock, Log: env.Log,
			Metrics: counts,
		},
	}, nil
}
