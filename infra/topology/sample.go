package topology

// Sample has a value for every environment variable, good enough to start a function with: the bootstrap tests and the
// benchmark use it.
var Sample = map[string]string{
	"JWT_ISSUER": "http://127.0.0.1:9", "JWT_JWKS": "http://127.0.0.1:9/jwks.json", "JWT_CLIENTS": "",
	"COMMERCE_TABLE": "Commerce", "OUTREACH_TABLE": "Outreach", "CARE_TABLE": "Care", "SHOP_CONFIG": "",
	"CATALOG_CACHE_TTL": "2",
	"PAYMENT_PROVIDER":  "sandbox", "PAYMENT_SECRETS": "", "SANDBOX_URL": "http://127.0.0.1:9", "SANDBOX_KEY": "sk_sample",
	"SANDBOX_WEBHOOK_SECRET": "whsec_sample", "STRIPE_KEY": "", "STRIPE_WEBHOOK_SECRET": "",
	"SCHEDULER_GROUP": "dangol", "SCHEDULER_TARGET_ARN": "arn:aws:lambda:ap-northeast-2:123456789012:function:promot" +
		"ion-scheduler",
	"SCHEDULER_ROLE_ARN": "arn:aws:iam::123456789012:role/scheduler",
	"SCHEDULER_DEAD_ARN": "arn:aws:sqs:ap-northeast-2:123456789012:times-dead", "GUARD_CONFIG": "",
	"BUS_NAME": "dangol", "DUE_KINDS": "checkout=http://127.0.0.1:9/checkout-worker",
	"DEAD_QUEUE_URL": "http://127.0.0.1:9/dead",
	"SHOP_NAME":      "Sample", "SHOP_URL": "https://shop.example.com", "SHOP_CONTACT": "help@example.com",
	"SHOP_COLOR": "", "SHOP_LINKS": "",
	"MEDIA_BUCKET": "media", "MEDIA_URL": "https://media.example.com",
	"SHOP_IMPRINT": "", "SHOP_TIMEZONE": "", "MAIL_REPLY_TO": "",
	"LINK_BASE": "https://shop.example.com", "OUTREACH_CONFIG": "", "PUSH_HOSTS": "", "WEBHOOK_HOSTS": "",
	"MAIL_FROM":              "shop@example.com",
	"MAIL_CONFIGURATION_SET": "sample",
	"SOCKET_URL":             "ws://127.0.0.1:9/socket",
	"CHAT_BUCKET":            "chat-files", "INBOUND_BUCKET": "inbound-mail", "BEDROCK_MODEL": "",
	"LOGIN_URL": "", "LOGIN_CLIENT": "", "LOGIN_STOREFRONT_CLIENT": "", "CONNECT_INSTANCE": "", "CONNECT_FLOW": "",
	"CONNECT_NUMBER": "",
}
