// Service worker for web push. Serve it from the storefront's own origin, and register it with a click of the shopper:
//
//   const registration = await navigator.serviceWorker.register('/push-worker.js');
//   const { publicKey } = await (await fetch(API + '/outreach/push/key')).json();
//   const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: publicKey });
//   await fetch(API + '/outreach/push/subscriptions', {
//     method: 'POST', headers: { 'Content-Type': 'application/json' },
//     body: JSON.stringify({ ...subscription.toJSON(), expirationTime: undefined, token, textVersion: 'push-1' }),
//   });
self.addEventListener('push', (event) => {
  const message = event.data ? event.data.json() : {};
  event.waitUntil(self.registration.showNotification(message.title || '', {
    body: message.body || '', tag: message.tag || undefined, data: { url: message.url, click: message.click },
  }));
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const { url, click } = event.notification.data || {};
  const work = [];
  // Only pages of this shop: a message cannot lead anywhere else.
  if (url && new URL(url, self.location.origin).origin === self.location.origin) {
    work.push(self.clients.openWindow(url));
  }
  // Missing when the person does not want to be measured. A click that is not counted hinders nobody.
  if (click) {
    work.push(fetch(click.url, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ token: click.token }),
    }).catch(() => {}));
  }
  event.waitUntil(Promise.all(work));
});
