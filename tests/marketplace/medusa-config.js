/**
 * The real marketplace as the tests run it: no admin screens, files on the local disk,
 * everything of Redis in memory. All addresses and secrets come from the environment.
 */
const { withMercur } = require("@mercurjs/core");

const { DATABASE_URL, MERCUR_URL, MERCUR_JWT_EXPIRES_IN } = process.env;

const hiddenScreen = (name, path) => ({
  resolve: `@mercurjs/core/modules/${name}`,
  options: { appDir: "", path, disable: true },
});

module.exports = withMercur({
  projectConfig: {
    databaseUrl: DATABASE_URL,
    databaseDriverOptions: { connection: { ssl: false } },
    http: {
      storeCors: MERCUR_URL,
      adminCors: MERCUR_URL,
      vendorCors: MERCUR_URL,
      authCors: MERCUR_URL,
      jwtSecret: "only-for-tests",
      cookieSecret: "only-for-tests",
      jwtExpiresIn: MERCUR_JWT_EXPIRES_IN || "1d",
    },
  },
  featureFlags: { seller_registration: true },
  modules: [
    // Both must be registered: a middleware of Mercur asks for them on every GET.
    hiddenScreen("admin-ui", "/dashboard"),
    hiddenScreen("vendor-ui", "/seller"),
    {
      resolve: "@medusajs/medusa/file",
      options: {
        providers: [
          {
            resolve: "@medusajs/medusa/file-local",
            id: "local",
            options: { backend_url: `${MERCUR_URL}/static` },
          },
        ],
      },
    },
  ],
});
