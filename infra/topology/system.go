package topology

import (
	accountmessages "dangol/functions/account-messages"
	apidocs "dangol/functions/api-docs"
	"dangol/functions/billing"
	"dangol/functions/care"
	"dangol/functions/carts"
	"dangol/functions/chat"
	checkoutworker "dangol/functions/checkout-worker"
	"dangol/functions/checkouts"
	"dangol/functions/customers"
	"dangol/functions/documents"
	mailreceiver "dangol/functions/mail-receiver"
	"dangol/functions/mailer"
	"dangol/functions/orders"
	"dangol/functions/outreach"
	outreachworker "dangol/functions/outreach-worker"
	"dangol/functions/pages"
	"dangol/functions/products"
	promotionscheduler "dangol/functions/promotion-scheduler"
	"dangol/functions/promotions"
	"dangol/functions/relay"
	"dangol/functions/returns"
	reviewauditor "dangol/functions/review-auditor"
	reviewmedia "dangol/functions/review-media"
	"dangol/functions/reviews"
	"dangol/functions/subscriptions"
	"dangol/functions/sweeper"
	"dangol/shared/platform/table"
)

// Dangol is the whole system. A new function is one line here.
var Dangol = New(table.Schemas,
	products.Spec(),
	carts.Spec(),
	promotions.Spec(),
	promotionscheduler.Spec(),
	checkouts.Spec(),
	orders.Spec(),
	customers.Spec(),
	documents.Spec(),
	returns.Spec(),
	subscriptions.Spec(),
	reviews.Spec(),
	reviewmedia.Spec(),
	reviewauditor.Spec(),
	accountmessages.Spec(),
	apidocs.Spec(),
	relay.Spec(),
	sweeper.Spec(),
	checkoutworker.Spec(),
	billing.Spec(),
	mailer.Spec(),
	mailreceiver.Spec(),
	outreach.Spec(),
	outreachworker.Spec(),
	chat.Spec(),
	care.Spec(),
	pages.Spec(),
)
