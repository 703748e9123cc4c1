/* Show /openapi.json with the vendored Swagger UI; nothing is asked of any other address. */
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#description",
  deepLinking: true,
  validatorUrl: null,
  docExpansion: "none",
});
