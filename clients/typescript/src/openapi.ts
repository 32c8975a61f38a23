// Written by `npm run client:build` from the /openapi.json of the service. Not to be changed by hand.

export interface paths {
    "/api/v1/connectors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Connections of the organisation
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConnectors"];
        put?: never;
        /**
         * Connect an account with an API key
         * @description Needs an API key with the scope `connect`.
         */
        post: operations["postConnectors"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Take the grant back and delete the connection with all it has read
         * @description Needs an API key with the scope `connect`.
         */
        delete: operations["deleteConnectorsById"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/{id}/campaigns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Campaigns as they were read last, those that fit all filters
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConnectorsByIdCampaigns"];
        put?: never;
        /**
         * Make a campaign, paused; its daily budget is paid for
         * @description Needs an API key with the scope `operate`.
         */
        post: operations["postConnectorsByIdCampaigns"];
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change many campaigns, each for itself: those that are to be stopped first
         * @description Needs an API key with the scope `operate`.
         */
        patch: operations["patchConnectorsByIdCampaigns"];
        trace?: never;
    };
    "/api/v1/connectors/{id}/campaigns/{campaignId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change, stop or start a campaign; what it may spend more is paid for first
         * @description Needs an API key with the scope `operate`.
         */
        patch: operations["patchConnectorsByIdCampaignsByCampaignId"];
        trace?: never;
    };
    "/api/v1/connectors/{id}/emails": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send e-mails, all or none; once for each Idempotency-Key
         * @description Needs an API key with the scope `connect`.
         */
        post: operations["postConnectorsByIdEmails"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/{id}/emails/{email_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What became of an e-mail
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConnectorsByIdEmailsByEmailId"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/{id}/reconciliation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Spend by campaign and day: what the platform reported, what our ledger has, and why they differ
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConnectorsByIdReconciliation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/{id}/records": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Add records to the table of the connection, or replace those with the same key; safe to repeat
         * @description Needs an API key with the scope `connect`.
         */
        put: operations["putConnectorsByIdRecords"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/{id}/schedule": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * When the connection is read by itself; null where it is not
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConnectorsByIdSchedule"];
        /**
         * Read on a schedule; null ends it
         * @description Needs an API key with the scope `connect`.
         */
        put: operations["putConnectorsByIdSchedule"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/{id}/suppressions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Recipients that are not written to any more, and why
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConnectorsByIdSuppressions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/{id}/suppressions/{address}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Let a recipient be written to again; the platform may have a list of its own
         * @description Needs an API key with the scope `connect`.
         */
        delete: operations["deleteConnectorsByIdSuppressionsByAddress"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/{id}/sync": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Read everything the connection is set to read
         * @description Needs an API key with the scope `read`.
         */
        post: operations["postConnectorsByIdSync"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/{id}/templates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a template; it can be sent once it is published
         * @description Needs an API key with the scope `connect`.
         */
        post: operations["postConnectorsByIdTemplates"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/{id}/templates/{template_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete a template
         * @description Needs an API key with the scope `connect`.
         */
        delete: operations["deleteConnectorsByIdTemplatesByTemplateId"];
        options?: never;
        head?: never;
        /**
         * Change a template; what was published is sent until it is published again
         * @description Needs an API key with the scope `connect`.
         */
        patch: operations["patchConnectorsByIdTemplatesByTemplateId"];
        trace?: never;
    };
    "/api/v1/connectors/{id}/templates/{template_id}/publish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a template as it is now from now on
         * @description Needs an API key with the scope `connect`.
         */
        post: operations["postConnectorsByIdTemplatesByTemplateIdPublish"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Whether the connection works now
         * @description Needs an API key with the scope `read`.
         */
        post: operations["postConnectorsByIdTest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/{id}/webhook": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set the secret that the platform signs its webhooks with
         * @description Needs an API key with the scope `connect`.
         */
        put: operations["putConnectorsByIdWebhook"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Synchronisations that were given up, newest first
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConnectorsDeadLetters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/fetch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for a report; it is read when its turn comes
         * @description Needs an API key with the scope `read`.
         */
        post: operations["postConnectorsFetch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/oauth/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Finish connecting an account with the code the browser came back with
         * @description Needs an API key with the scope `connect`.
         */
        post: operations["postConnectorsOauthCallback"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/oauth/initiate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin connecting an account: where to send the browser
         * @description Needs an API key with the scope `connect`.
         */
        post: operations["postConnectorsOauthInitiate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/queue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The queue, and where the organisation stands in it
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConnectorsQueue"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Requests of the organisation, newest first
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConnectorsRequests"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/requests/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What became of a request
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConnectorsRequestsById"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/requests/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a request that has not ended
         * @description Needs an API key with the scope `read`.
         */
        post: operations["postConnectorsRequestsByIdCancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/requests/{id}/data": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The rows of a request
         * @description While the platform is kept away from, the last good rows, with the header x-bidwarden-stale. Needs an API key with the scope `read`.
         */
        get: operations["getConnectorsRequestsByIdData"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/requests/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask again for what failed or was cancelled
         * @description Needs an API key with the scope `read`.
         */
        post: operations["postConnectorsRequestsByIdRetry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/schedules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Which connections are read on a schedule, and when next
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConnectorsSchedules"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/types": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Platforms that can be connected, with their reports and fields
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConnectorsTypes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/types/{type}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Reports and fields of a platform
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConnectorsTypesByType"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversions/batches": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How many events a call of each connection has, and why
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConversionsBatches"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversions/connections": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Platforms that conversions go to
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConversionsConnections"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversions/connections/{platform}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Connect a platform, or give new credentials to it, and test them; what waited is sent with them if they work
         * @description Needs an API key with the scope `connect`.
         */
        put: operations["putConversionsConnectionsByPlatform"];
        post?: never;
        /**
         * End a connection and forget its credentials; what waits for it is given up when it is too old
         * @description Needs an API key with the scope `connect`.
         */
        delete: operations["deleteConversionsConnectionsByPlatform"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversions/connections/{platform}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask a platform whether the connection works; nothing is sent that counts. One that had stopped goes on if it does
         * @description Needs an API key with the scope `connect`.
         */
        post: operations["postConversionsConnectionsByPlatformTest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversions/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Deliveries that were given up, newest first, and why
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConversionsDeadLetters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversions/dead-letters/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send dead letters again, but for what a platform would refuse or count twice; says which and why
         * @description Needs an API key with the scope `convert`.
         */
        post: operations["postConversionsDeadLettersReplay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversions/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What became of each event at each platform, newest first
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConversionsDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversions/deliveries/counts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How many deliveries have not arrived, by platform
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConversionsDeliveriesCounts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversions/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send conversions to platforms: they are checked, hashed and stored, then answered
         * @description Needs an API key with the scope `convert`.
         */
        post: operations["postConversionsEvents"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversions/events/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What became of an event, for each platform
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConversionsEventsById"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversions/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How each connection does, by the last hour
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConversionsHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversions/health/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How each connection did, in steps of five minutes
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConversionsHealthHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversions/mappings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What events are called at each platform, and the versions before
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConversionsMappings"];
        /**
         * Replace the whole list of mappings, as a new version; events that are stored already keep theirs until they are replayed
         * @description Needs an API key with the scope `connect`.
         */
        put: operations["putConversionsMappings"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversions/match-quality": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How well platforms can find the people of events, by day: an estimate
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConversionsMatchQuality"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversions/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Messages that were sent by WhatsApp, newest first
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConversionsMessages"];
        put?: never;
        /**
         * Send a template message by WhatsApp, once: it is stored, then answered, then sent
         * @description Needs an API key with the scope `convert`.
         */
        post: operations["postConversionsMessages"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversions/messages/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What became of a message
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getConversionsMessagesById"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversions/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * The exact body for each platform; nothing is sent and nothing is stored
         * @description Needs an API key with the scope `convert`.
         */
        post: operations["postConversionsPreview"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversions/webhooks/whatsapp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Prove to WhatsApp that the address is ours
         * @description It is answered where a connection has the verify token.
         */
        get: operations["getConversionsWebhooksWhatsapp"];
        put?: never;
        /**
         * Take the statuses of messages that WhatsApp tells
         * @description Signed with the `app_secret` of the number's connection, byte for byte.
         */
        post: operations["postConversionsWebhooksWhatsapp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happens to your connections, as it happens
         * @description Server-sent events; the data of each is a CloudEvent. Needs an API key with the scope `read`.
         */
        get: operations["getEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/integrations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Integrations of the workspace
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getIntegrations"];
        put?: never;
        /**
         * Connect with credentials that were obtained elsewhere
         * @description Needs an API key with the scope `connect`.
         */
        post: operations["postIntegrations"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/integrations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Take the grant back; what was read stays
         * @description Needs an API key with the scope `connect`.
         */
        delete: operations["deleteIntegrationsById"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/integrations/{id}/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the integration works now
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getIntegrationsByIdHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/integrations/{id}/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Synchronisations, newest first
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getIntegrationsByIdJobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/integrations/{id}/sync": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Read everything now
         * @description Needs an API key with the scope `read`.
         */
        post: operations["postIntegrationsByIdSync"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{platform}/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Prove to a platform that the address is ours
         * @description Meta asks so; it is answered where the verify token is right.
         */
        get: operations["getWebhooksByPlatformById"];
        put?: never;
        /**
         * Take what a platform tells
         * @description Signed with the secret of the connection.
         */
        post: operations["postWebhooksByPlatformById"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This documentation, as a page */
        get: operations["getDocs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/livez": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process runs */
        get: operations["getLivez"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/mcp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Tools for agents, by the Model Context Protocol
         * @description One JSON-RPC message of revision 2026-07-28, or of 2025-11-25 and older without a session. Which tools there are follows from the scopes of the key; see docs/mcp.md. Needs an API key.
         */
        post: operations["postMcp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Metrics for Prometheus
         * @description Needs an API key of the operator with the scope `read`.
         */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: operations["getOpenapiJson"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openrtb2/{seat}/bid": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Answer an OpenRTB 2.5 or 2.6 bid request
         * @description Prices are for a thousand impressions. Each bid of the answer holds its money until its notice comes or its time is over. With "test": 1, or ext.bidwarden.debug and a key that may bid, an answer without bids is 200 with "nbr", and ext.seatnonbid says for each impression and campaign why: bad_request, bad_impression, too_late, shed, too_many_open_bids, seat_not_allowed, no_common_currency, no_campaign, too_many_imps, private_auction, outside_hours, device_type, domain, bundle, supply_chain, rewarded, placement, mime, protocol, duration, linearity, api, attribute_blocked, banner_type_blocked, language, not_secure, category_taxonomy, category_blocked, dsa_required, dsa_rendering, native_assets, deal_terms, app_blocked, advertiser_blocked, advertiser_in_pod, no_ltv, no_floor_rate, below_floor, below_deal_floor, no_user_id, frequency_capped, paced, stopped, budget_unknown, over_budget, over_request_share, too_costly. See docs/openrtb.md.
         */
        post: operations["postOpenrtb2BySeatBid"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openrtb2/notice/{kind}/{token}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Take the notice of a win, a bill or a loss
         * @description The addresses are in the bids, signed. Safe to repeat.
         */
        get: operations["getOpenrtb2NoticeByKindByToken"];
        put?: never;
        /**
         * Take the notice of a win, a bill or a loss
         * @description The addresses are in the bids, signed. Safe to repeat.
         */
        post: operations["postOpenrtb2NoticeByKindByToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether every part does its work */
        get: operations["getReadyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The alerts that fire now, and what to do about each
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getAlerts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What waits for the approval of another key, and what became of the latest, newest first
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getApprovals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/approvals/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One approval
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getApprovalsById"];
        put?: never;
        /**
         * Approve or refuse what another key has asked for; approved, it is checked again and done at once
         * @description Needs an API key with the scope `operate`.
         */
        post: operations["postApprovalsById"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who has changed what and why, the latest first: all, or what keys of your organisation have changed
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/bids": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The latest decisions, newest first
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getBids"];
        put?: never;
        /**
         * Decide a bid, hold its money, place it
         * @description Needs an API key with the scope `bid`.
         */
        post: operations["postBids"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/bids/{bidId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every number and rule that led to a bid
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getBidsByBidId"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/bids/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Up to 500 bids, each decided on its own
         * @description Needs an API key with the scope `bid`.
         */
        post: operations["postBidsBatch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/budgets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The budgets that the key may see, a page at a time
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getBudgets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/budgets/{scope}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One budget
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getBudgetsByScope"];
        /**
         * Replace the limits; what is spent stays spent
         * @description Needs an API key with the scope `operate`.
         */
        put: operations["putBudgetsByScope"];
        post?: never;
        /**
         * Forget the budget of a campaign on a platform, and take it from the organisation it was given to
         * @description Needs an API key of the operator with the scope `operate`.
         */
        delete: operations["deleteBudgetsByScope"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/budgets/{scope}/forecast": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * When a budget is used up, and what a day comes to, if spending goes on as it does
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getBudgetsByScopeForecast"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/budgets/{scope}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Refuse every bid on this scope from now on
         * @description Needs an API key with the scope `operate`.
         */
        post: operations["postBudgetsByScopePause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/budgets/{scope}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take bids on this scope again
         * @description Needs an API key with the scope `operate`.
         */
        post: operations["postBudgetsByScopeResume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/campaigns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The OpenRTB campaigns, a page at a time
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getCampaigns"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/campaigns/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One OpenRTB campaign
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getCampaignsById"];
        /**
         * Store or replace an OpenRTB campaign; what it has spent stays spent
         * @description Needs an API key with the scope `operate`.
         */
        put: operations["putCampaignsById"];
        post?: never;
        /**
         * Stop bidding for a campaign; its bids that are out still settle
         * @description Needs an API key with the scope `operate`.
         */
        delete: operations["deleteCampaignsById"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/doctor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Examine the configuration: settings, disk, stores, and what the platforms say of our credentials
         * @description Needs an API key of the operator with the scope `operate`.
         */
        get: operations["getDoctor"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The API keys of the environment, then those made at run time; never the keys themselves
         * @description Needs an API key with the scope `admin`.
         */
        get: operations["getKeys"];
        put?: never;
        /**
         * Make an API key; the answer alone has it
         * @description Needs an API key with the scope `admin`.
         */
        post: operations["postKeys"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke a key, with its sessions: from now on nobody gets in with it
         * @description Needs an API key with the scope `admin`.
         */
        delete: operations["deleteKeysByName"];
        options?: never;
        head?: never;
        /**
         * Change when a key expires
         * @description Needs an API key with the scope `admin`.
         */
        patch: operations["patchKeysByName"];
        trace?: never;
    };
    "/v1/kill-switch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether bidding is stopped
         * @description Needs an API key of the operator with the scope `read`.
         */
        get: operations["getKillSwitch"];
        put?: never;
        /**
         * Stop every bid from the next request on, and pause the campaigns if asked; or let bids through again
         * @description Needs an API key of the operator with the scope `operate`.
         */
        post: operations["postKillSwitch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/ledger": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every entry of the ledger of budgets, a line of JSON each
         * @description Needs an API key of the operator with the scope `read`.
         */
        get: operations["getLedger"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/ltv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Store predicted lifetime values, up to 10 000 and 4 MiB at once
         * @description Needs an API key with the scope `bid`.
         */
        put: operations["putLtv"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/ltv/{idType}/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The stored prediction for a user
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getLtvByIdTypeByUserId"];
        put?: never;
        post?: never;
        /**
         * Forget a prediction
         * @description Needs an API key with the scope `bid`.
         */
        delete: operations["deleteLtvByIdTypeByUserId"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What was told to NOTIFY_URL and what waits for it, the newest first
         * @description Needs an API key of the operator with the scope `read`.
         */
        get: operations["getNotifications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/notifications/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a notification again, under its own id
         * @description Needs an API key of the operator with the scope `operate`.
         */
        post: operations["postNotificationsByIdReplay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/platforms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How every platform is doing
         * @description Needs an API key of the operator with the scope `read`.
         */
        get: operations["getPlatforms"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/roas": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Return on ad spend: what bids spent, and what the conversions are worth that name them; a conversion counts at the time of its bid
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getRoas"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/seats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How all exchange seats are doing
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getSeats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/seats/{seat}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How an exchange seat is doing
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getSeatsBySeat"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/seats/{seat}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What the seat would answer to a bid request, and why each campaign bids or not; nothing is held
         * @description Needs an API key with the scope `bid`.
         */
        post: operations["postSeatsBySeatTest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who asks, and what it may do
         * @description Needs an API key.
         */
        get: operations["getSession"];
        put?: never;
        /** Sign in with an API key: the answer sets a cookie that has the rights of the key */
        post: operations["postSession"];
        /** Sign out */
        delete: operations["deleteSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/session/oidc": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sign in by OpenID Connect: go here with a browser
         * @description Sends the browser to the provider of OIDC_ISSUER. Where that cannot be, it is sent to the console with sign_in, one of refused, expired, no_groups, several_organisations, provider_away, not_configured_there, invalid_answer, too_many.
         */
        get: operations["getSessionOidc"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/session/oidc/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Where the provider sends the browser back to
         * @description Sets the cookie of a session with the rights of the groups of who has signed in, and sends the browser to the console.
         */
        get: operations["getSessionOidcCallback"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/session/ways": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How people can sign in */
        get: operations["getSessionWays"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/spend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What budgets have spent over time
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getSpend"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/store": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the budget store can be reached, and what it refuses
         * @description Needs an API key of the operator with the scope `read`.
         */
        get: operations["getStore"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/store/trust": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Vouch that nothing was spent that the store does not know of
         * @description Needs an API key of the operator with the scope `operate`.
         */
        post: operations["postStoreTrust"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happens, as it happens: bids, budgets, breakers, the kill switch, notices of exchanges
         * @description Server-sent events; `StreamEvent` says what each has. `bid`: a decision, and again when its status has changed. `notice`: of an exchange. Of both at most 100 a second come; `skipped` counts the others. `auctions`: what a seat has counted in about a second, by all workers. `budget`: its figures have changed; looked at once a second, 500 campaigns at a time, pauses four times a second. `breaker` and `kill_switch`: four times a second, for the operator alone. Keys of an organisation get what is its own. With `Last-Event-ID` a stream goes on after that event (`open` with `resumed`); where that is too long ago, or events were lost, `reset` says to read everything again. A comment comes every 15 s. A reader that does not read is cut. With several processes on one Redis a stream has the bids, notices and breakers of the process that answers it, and the budgets and kill switch of all. Needs an API key with the scope `read`.
         */
        get: operations["getStream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/version": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What runs here, and for how long
         * @description Needs an API key with the scope `read`.
         */
        get: operations["getVersion"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description The change is made; where APPROVALS says `advise`, this is why somebody should look at it. */
        Advice: {
            detail: string;
            reasons: ("amount" | "times_usual" | "digit_slip" | "limit_removed" | "hold_mode_loosened" | "bidding_resumed")[];
        };
        Alert: {
            /** @description The budget, platform, seat or other part that it is about. */
            about: {
                /** @enum {string} */
                kind: "budget" | "platform" | "seat" | "table" | "part" | "account" | "service";
                /**
                 * @description Which limit of a budget.
                 * @example sliding_600s
                 */
                limit?: string;
                /** @example platform:google_ads */
                name: string;
            };
            /**
             * @description Name of the rule, the same as in `grafana/rules`.
             * @example BudgetAt80Percent
             * @enum {string}
             */
            code: "BudgetAt80Percent" | "BudgetAt95Percent" | "Overdraft" | "RateLimitNear" | "TableNearlyFull" | "BidsVetoed" | "BreakerOpen" | "FallbackShareHigh" | "PlatformSlow" | "PlatformAuthLost" | "AnswersLost" | "BidsDeferred" | "KillSwitchEngaged" | "BudgetStoreAway" | "BudgetStoreRefuses" | "PartNotReady" | "RecordsNotWritten" | "WorkersEnding" | "ExchangeShedding" | "ExchangeTooLate" | "ForgedNotices" | "NoticesOfAnotherKind" | "FalseLosses" | "BilledAtOtherPrice" | "PricesNotVerified" | "BillsAfterTheHold" | "NotificationsGivenUp" | "SpendNotExplained" | "ConversionsFailing" | "ConversionsOld" | "ConversionsDead" | "ConversionConnectionLost";
            /** @description What is so, with its figures. */
            detail: string;
            /**
             * @description Address of its page of instructions on this service.
             * @example /docs/runbooks/BudgetAt80Percent
             */
            runbook: string;
            /** @enum {string} */
            severity: "critical" | "warning" | "info";
            /**
             * @description Since when it is so, as far as this process has seen it.
             * @example 2026-11-29T09:30:00.000Z
             */
            since: string;
            whatToDo: string;
        };
        /** @description By the rules of `grafana/rules`, of what this process and its workers have seen since they started; Prometheus alone can tell that the service does not answer. */
        Alerts: {
            alerts: components["schemas"]["Alert"][];
            /** @description How many more fire and are left out. */
            left: number;
        };
        ApiKey: {
            /** @description Name of the budget of its own, as `/v1/budgets/{scope}` takes it: `key:ml@7`. */
            budget?: string;
            expiresAt?: string;
            /** @description When this process saw it last; missing where it has not since it started. */
            lastUsedAt?: string;
            madeAt?: string;
            /** @description Name of the key that made it. */
            madeBy?: string;
            /** @description As `/v1/keys/{name}` takes it: `ml@7` is of organisation 7. */
            name: string;
            /** @description Number of its organisation. */
            organisation: number;
            revokedAt?: string;
            scopes: ("bid" | "read" | "operate" | "connect" | "convert" | "admin" | "premium")[];
            /**
             * @description `environment` for one of API_KEYS, which is changed and revoked there alone.
             * @enum {string}
             */
            source: "environment" | "api";
            /** @enum {string} */
            state: "valid" | "expired" | "revoked";
        };
        Approval: {
            approvalId: string;
            askedAt: string;
            askedBy: string;
            bidId?: string;
            /** @description Why it was not applied, or is not known to be. */
            code?: string;
            decidedAt?: string;
            decidedBy?: string;
            decisionReason?: string;
            detail?: string;
            expiresAt: string;
            /** @description What it was, money in units. */
            from?: unknown;
            /** @enum {string} */
            kind: "bid" | "limits" | "budget_removal" | "resume" | "kill_switch_release";
            /** @description Why it was asked for. */
            reason?: string;
            reasons: ("amount" | "times_usual" | "digit_slip" | "limit_removed" | "hold_mode_loosened" | "bidding_resumed")[];
            /** @description The budget that it is about; of a bid that of its campaign. */
            scope: string;
            /**
             * @description `applying`: given, and being done. `applied` and `not_applied` say what came of it. `interrupted`: the service ended meanwhile; it is not done again.
             * @enum {string}
             */
            status: "pending_approval" | "refused" | "expired" | "applying" | "applied" | "not_applied" | "interrupted";
            /** @description What it is to be, money in units. */
            to?: unknown;
        };
        ApprovalDecision: {
            /** @enum {string} */
            decision: "approve" | "refuse";
            /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
            reason?: string | null;
        };
        /** @description What the rules of `APPROVALS` say of it, where it is above a threshold. `audit` and `advise` let it pass. */
        ApprovalOfBid: {
            /** @description Of the approval that it waits for, or has waited for: `GET /v1/approvals/{id}`. */
            approvalId?: string;
            /** @enum {string} */
            mode: "off" | "audit" | "advise" | "enforce";
            reasons: ("amount" | "times_usual" | "digit_slip" | "limit_removed" | "hold_mode_loosened" | "bidding_resumed")[];
        };
        AskedReport: {
            batched_with: string[];
            /** @description In seconds. */
            estimated_wait_seconds: number;
            merged: boolean;
            /** @description What it waits for */
            message?: string;
            /** @description 1 is next; 0 once it has begun */
            queue_position: number;
            rate_limit_status: {
                /** @description A count. */
                current: number;
                /** @description In units of the currency. */
                limit: number;
                reset_at: string;
            };
            request_id: string;
            /** @description Seconds since the rows were read */
            rows_age_seconds: number | null;
            /** @description The platform fails; what was read before is answered */
            stale?: boolean;
            /** @enum {string} */
            status: "queued" | "running" | "completed" | "failed" | "cancelled";
        };
        AuditEntry: {
            action?: string;
            at?: string;
            /** @description Name of the API key; `configuration` for what a start has found changed. */
            caller?: string;
            /** @description Of the error, where it failed. */
            code?: string;
            /** @description The old value, money in units. Of a long one what differs, by its path as in `creatives.summer.markup`, of lists the entries that the other has not (`allow[…]`); a long part is `part` of it and its length in `bytes`. */
            from?: unknown;
            id: string;
            /** @description Of the API key. */
            organisation?: number;
            /**
             * @description `begun` where the process ended meanwhile; `damaged` where the row is not what was written.
             * @enum {string}
             */
            outcome: "begun" | "done" | "failed" | "damaged";
            reason?: string;
            target?: string;
            /** @description The new value. */
            to?: unknown;
        };
        BatchOptimizationResult: {
            /** @description Calls at once. */
            concurrent_calls: number;
            /** @description A share by which more events a second are to be expected; 0 where too little is known. */
            estimated_throughput_improvement: number;
            last_response: components["schemas"]["CAPIResponse"];
            /** @description Events of a call that the platform takes. */
            max_batch_size: number;
            /** @description Events of a call now. */
            optimized_batch_size: number;
            /** @description Events of a call before the last change. */
            original_batch_size: number;
            platform: string;
            recommendation: string;
        };
        BidAnswer: {
            approval?: components["schemas"]["ApprovalOfBid"];
            /** @description In units of the currency. */
            bidAmount: number;
            bidId: string;
            budget?: components["schemas"]["BudgetBrief"];
            currency: string;
            explanation: string;
            /** @description In milliseconds. */
            latencyMs: number;
            /** @enum {string} */
            platform: "google_ads" | "meta" | "tradedesk";
            platformRef?: string;
            /** @description Lifetime value of a customer, in units of the currency. */
            predictedLtv: number;
            /** @enum {string} */
            source: "ai" | "fallback";
            /** @enum {string} */
            status: "placed" | "deferred" | "pending_approval" | "dry_run";
        };
        BidBatch: {
            /** @description 1 to 500 bid requests. */
            bids: unknown[];
        };
        BidRecord: {
            approval?: components["schemas"]["ApprovalOfBid"];
            at: string;
            basis?: {
                /** @enum {string} */
                is: "request" | "predictor" | "history";
            } & {
                [key: string]: unknown;
            };
            /** @description In units of the currency. */
            bidAmount?: number;
            bidId: string;
            caller: string;
            /** @description What the caller sent as `explanation`. Lists have it only where it is a text of at most 2,000 characters. */
            callerExplanation?: string | unknown[] | {
                [key: string]: unknown;
            };
            campaignId: string;
            candidates: {
                excluded?: string;
                platform: string;
                /** @description Higher is better; compared with the scores of the same bid only. */
                score?: number;
            }[];
            /** @description In units of the currency. */
            cap?: number;
            code?: string;
            /** @description A share, from 0 to 1. */
            confidence?: number;
            currency: string;
            customerId: string;
            detail?: string;
            explanation?: string;
            history: {
                at: string;
                /** @enum {string} */
                status: "placed" | "deferred" | "pending_approval" | "dry_run" | "refused" | "outcome_unknown" | "not_placed" | "superseded" | "expired";
            }[];
            /** @description In milliseconds. */
            latencyMs: number;
            /** @enum {string} */
            platform: "google_ads" | "meta" | "tradedesk";
            platformRef?: string;
            /** @description Lifetime value of a customer, in units of the currency. */
            predictedLtv?: number;
            /** @description In units of the currency. */
            remainingBefore?: number;
            requested: {
                /** @description In units of the currency. */
                bidAmount?: number;
                platform: string;
                /** @description Lifetime value of a customer, in units of the currency. */
                predictedLtv?: number;
            };
            scopes: string[];
            /** @enum {string} */
            source?: "ai" | "fallback";
            /** @enum {string} */
            status: "placed" | "deferred" | "pending_approval" | "dry_run" | "refused" | "outcome_unknown" | "not_placed" | "superseded" | "expired";
            /** @description Of a bid that was refused for its amount or its time. */
            wouldPass?: {
                /** @description When this very bid would pass if nothing else is spent meanwhile. */
                at?: string;
                /** @description A bid of up to so much would have passed, in units of the currency. */
                remaining?: number;
                /** @description The budget that was in the way. */
                scope?: string;
            };
        };
        BidRequest: {
            /**
             * @description Currency units, used exactly as sent: at most 6 decimals.
             * @example 150.25
             */
            bidAmount?: number;
            /** @example summer-sale */
            campaignId: string;
            /** @description A share, from 0 to 1. What sums of floats have above 1 is cut off. */
            confidence?: number;
            /** @example USD */
            currency?: string;
            /** @example CUST_001 */
            customerId: string;
            dryRun?: boolean;
            /**
             * @description Why the caller bids: a text, or any JSON object or array, of at most 8 KiB and 32 levels. Kept with the decision; platforms do not get it.
             * @example {
             *       "featureAttributions": {
             *         "recency": 0.42,
             *         "orders": [
             *           3,
             *           1
             *         ]
             *       }
             *     }
             */
            explanation?: string | Record<string, unknown> | unknown[];
            /** @enum {string} */
            platform: "google_ads" | "meta" | "tradedesk" | "auto";
            /**
             * @description Currency units with any number of decimals; what is below a millionth is cut off.
             * @example 102.34567260742188
             */
            predictedLtv?: number;
        };
        Budget: {
            advice?: components["schemas"]["Advice"];
            currency: string;
            /** @description In the purses of other processes; of workers, what they do not hold for open bids. */
            elsewhere: number;
            /** @description Of processes that are gone; the first of it becomes spend then. */
            forfeited?: {
                /** @description In units of the currency. */
                amount: number;
                /** @description In milliseconds. */
                becomesSpendInMs: number;
            };
            holdMode: components["schemas"]["HoldMode"];
            /** @description Of this process and its workers. */
            holds: {
                /** @description By how much spend may pass a limit now if all of `prices` is billed. It is earned: an eighth of what `worstCase` lets be, and up to all of it as far as four times as much could have been billed lately and was not. Left out where there is no limit. */
                allowance?: number;
                /** @description In units of the currency. */
                held: number;
                /**
                 * @description In effect now.
                 * @enum {string}
                 */
                mode: "strict" | "bounded";
                /** @description What all open bids, and those that ended not long ago, may cost together. */
                prices: number;
                /** @description Workers that have not answered: what they hold is in `elsewhere` and not in `holds`. */
                silentWorkers?: number;
                /**
                 * @description Why everything is held in full although the budget is bounded: open bids are few beside what is left; too little is known of how bids end; more are billed than were; bills came after the bids had counted as lost.
                 * @enum {string}
                 */
                why?: "money_to_spare" | "few_outcomes" | "win_rate_drifts" | "late_bills";
                /** @description How many times a limit spend may ever reach if all of `prices` is billed: `OPENRTB_WORST_CASE` for a bounded budget. */
                worstCase: number;
            };
            limits: {
                /** @description Share of the day that has gone, from 0 to 1; left out for a limit that is not of a day. Beside `utilization` it says whether spending is ahead of the clock. */
                gone?: number;
                /** @description In units of the currency. */
                held: number;
                /** @enum {string} */
                kind: "sliding" | "day" | "lifetime";
                /** @description In units of the currency. */
                max: number;
                /** @description In milliseconds. */
                nextReliefMs?: number;
                /** @description In units of the currency. */
                remaining: number;
                /** @description In units of the currency. */
                spent: number;
                timezone?: string;
                /** @description A share, from 0 to 1. */
                utilization: number;
                /** @description In seconds. */
                windowSeconds?: number;
            }[];
            /** @description In units of the currency. */
            overdraft: number;
            paused: boolean;
            pauseReason?: string;
            /** @description Another one after every change of its limits or hold mode. */
            revision: string;
            /** @example platform:google_ads */
            scope: string;
            /** @description After a change that has left no limit: what still bounds the spending, and what does not. */
            warning?: string;
        };
        /** @description The platform's tightest limit, after this bid; for a bid of an organisation that of its own budget, for one of a key with a budget that of the key. */
        BudgetBrief: {
            /** @description In units of the currency. */
            held: number;
            /** @description In units of the currency. */
            limit: number;
            /** @description In units of the currency. */
            remaining: number;
            /** @description In units of the currency. */
            spent: number;
            /**
             * @description A share, from 0 to 1.
             * @example 0.55
             */
            utilization: number;
        };
        BudgetInput: {
            holdMode?: components["schemas"]["HoldMode"] & unknown;
            limits: components["schemas"]["Limit"][];
            /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
            reason?: string | null;
            /** @description The `revision` of the budget that this change was made from. Where somebody has changed its limits or its hold mode since, the change is answered 409 `changed_meanwhile`, unless nothing more may be spent after it than before. */
            revision?: string;
        };
        Campaign: {
            activeHours?: {
                /**
                 * @default [
                 *       1,
                 *       2,
                 *       3,
                 *       4,
                 *       5,
                 *       6,
                 *       7
                 *     ]
                 */
                days: number[];
                /**
                 * @description Hour of the day, from 0 to 24.
                 * @default 0
                 */
                from: number;
                /**
                 * @description An IANA name, old or new, or an offset such as +05:30.
                 * @example Europe/Berlin
                 */
                timezone: string;
                /**
                 * @description Hour of the day, from 0 to 24.
                 * @default 24
                 */
                to: number;
            };
            advertiserDomain: string;
            appBundle?: string;
            /** @default [] */
            categories: string[];
            /**
             * @description As OpenRTB and AdCOM number it.
             * @default 1
             */
            categoryTaxonomy: number;
            creatives: ({
                /** @default [] */
                apis: number[];
                /** @default [] */
                attributes: number[];
                /** @description As OpenRTB and AdCOM number it. */
                bannerType?: number;
                id: string;
                language?: string;
                markup: string;
                /**
                 * @default [
                 *       "text/html"
                 *     ]
                 */
                mimes: string[];
                secure?: boolean;
                sizes: {
                    /** @description In pixels. */
                    h: number;
                    /** @description In pixels. */
                    w: number;
                }[];
                /** @enum {string} */
                type: "banner";
            } | {
                /** @default [] */
                apis: number[];
                /** @default [] */
                attributes: number[];
                /** @description In seconds. */
                durationSeconds: number;
                /** @description In pixels. */
                h?: number;
                id: string;
                language?: string;
                /** @default 1 */
                linearity: 1 | 2;
                mimes: string[];
                /** @description As OpenRTB and AdCOM number it. */
                protocol?: number;
                secure?: boolean;
                /** @enum {string} */
                type: "video";
                vast?: string;
                /** Format: uri */
                vastUrl?: string;
                /** @description In pixels. */
                w?: number;
            } | {
                /** @default [] */
                apis: number[];
                /** @default [] */
                attributes: number[];
                /** @description In seconds. */
                durationSeconds: number;
                id: string;
                language?: string;
                mimes: string[];
                /** @description As OpenRTB and AdCOM number it. */
                protocol?: number;
                secure?: boolean;
                /** @enum {string} */
                type: "audio";
                vast?: string;
                /** Format: uri */
                vastUrl?: string;
            } | {
                /** @default [] */
                apis: number[];
                /** @default [] */
                attributes: number[];
                /** @default [] */
                data: {
                    /** @description As OpenRTB and AdCOM number it. */
                    type: number;
                    value: string;
                }[];
                id: string;
                /** @default [] */
                images: {
                    /** @description In pixels. */
                    h: number;
                    mime?: string;
                    /** @description As OpenRTB and AdCOM number it. */
                    type: number;
                    /** Format: uri */
                    url: string;
                    /** @description In pixels. */
                    w: number;
                }[];
                /** @default [] */
                impressionTrackers: string[];
                language?: string;
                /** Format: uri */
                link: string;
                secure?: boolean;
                title: string;
                /** @enum {string} */
                type: "native";
            })[];
            dsa?: {
                /** @default 0 */
                adrender: 0 | 1;
                behalf: string;
                paid: string;
                /** @default [] */
                transparency: {
                    domain: string;
                    dsaparams: number[];
                }[];
            };
            frequencyCap?: {
                /** @description A count. */
                impressions: number;
                /** @description In seconds. */
                windowSeconds: number;
                /**
                 * @default skip
                 * @enum {string}
                 */
                withoutId: "skip" | "bid";
            };
            id: string;
            /** @default [] */
            limits: ({
                /** @enum {string} */
                kind: "sliding";
                /**
                 * @description Currency units, used exactly as sent: at most 6 decimals.
                 * @example 150.25
                 */
                max: number;
                /**
                 * @description In seconds.
                 * @default 600
                 */
                windowSeconds: number;
            } | {
                /** @enum {string} */
                kind: "day";
                /**
                 * @description Currency units, used exactly as sent: at most 6 decimals.
                 * @example 150.25
                 */
                max: number;
                /**
                 * @description An IANA name, old or new, or an offset such as +05:30.
                 * @example Europe/Berlin
                 */
                timezone?: string;
            } | {
                /** @enum {string} */
                kind: "lifetime";
                /**
                 * @description Currency units, used exactly as sent: at most 6 decimals.
                 * @example 150.25
                 */
                max: number;
            })[];
            pace?: components["schemas"]["Pace"];
            /** @default {} */
            pacing: {
                flight?: {
                    /** Format: date-time */
                    end: string;
                    /** Format: date-time */
                    start: string;
                };
                /**
                 * @default asap
                 * @enum {string}
                 */
                mode: "asap" | "even" | "ahead";
            };
            price: {
                /** @description Price of a thousand impressions for each unit of predicted lifetime value. */
                cpmPerLtv: number;
                /**
                 * @description Currency units, used exactly as sent: at most 6 decimals.
                 * @example 150.25
                 */
                maxCpm: number;
                /**
                 * @description Currency units, used exactly as sent: at most 6 decimals.
                 * @example 150.25
                 */
                minCpm?: number;
            };
            /** @default false */
            roadblock: boolean;
            seat: string;
            /**
             * @default on
             * @enum {string}
             */
            shading: "on" | "off";
            /**
             * @default active
             * @enum {string}
             */
            status: "active" | "paused";
            /** @default {} */
            targeting: {
                /** @default {} */
                bundles: {
                    /** @default [] */
                    allow: string[];
                    /** @default [] */
                    deny: string[];
                };
                /** @default false */
                completeSupplyChain: boolean;
                /** @default [] */
                countries: string[];
                /** @default [] */
                deals: string[];
                /** @default [] */
                deviceTypes: number[];
                /** @default {} */
                domains: {
                    /** @default [] */
                    allow: string[];
                    /** @default [] */
                    deny: string[];
                };
                /** @default [] */
                placements: number[];
                /**
                 * @default any
                 * @enum {string}
                 */
                rewarded: "any" | "only" | "none";
            };
        };
        CampaignChange: {
            /**
             * @description In units of the currency.
             * @example 50
             */
            daily_budget?: number;
            name?: string;
            /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
            reason?: string | null;
            /** @enum {string} */
            status?: "active" | "paused";
        };
        CampaignChanges: {
            changes: {
                /**
                 * @description In units of the currency.
                 * @example 50
                 */
                daily_budget?: number;
                id: string;
                name?: string;
                /** @enum {string} */
                status?: "active" | "paused";
            }[];
            /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
            reason?: string | null;
        };
        CampaignInput: {
            activeHours?: {
                /**
                 * @default [
                 *       1,
                 *       2,
                 *       3,
                 *       4,
                 *       5,
                 *       6,
                 *       7
                 *     ]
                 */
                days: number[];
                /**
                 * @description Hour of the day, from 0 to 24.
                 * @default 0
                 */
                from: number;
                /**
                 * @description An IANA name, old or new, or an offset such as +05:30.
                 * @example Europe/Berlin
                 */
                timezone: string;
                /**
                 * @description Hour of the day, from 0 to 24.
                 * @default 24
                 */
                to: number;
            };
            advertiserDomain: string;
            appBundle?: string;
            /** @default [] */
            categories: string[];
            /**
             * @description As OpenRTB and AdCOM number it.
             * @default 1
             */
            categoryTaxonomy: number;
            creatives: ({
                /** @default [] */
                apis: number[];
                /** @default [] */
                attributes: number[];
                /** @description As OpenRTB and AdCOM number it. */
                bannerType?: number;
                id: string;
                language?: string;
                markup: string;
                /**
                 * @default [
                 *       "text/html"
                 *     ]
                 */
                mimes: string[];
                secure?: boolean;
                sizes: {
                    /** @description In pixels. */
                    h: number;
                    /** @description In pixels. */
                    w: number;
                }[];
                /** @enum {string} */
                type: "banner";
            } | {
                /** @default [] */
                apis: number[];
                /** @default [] */
                attributes: number[];
                /** @description In seconds. */
                durationSeconds: number;
                /** @description In pixels. */
                h?: number;
                id: string;
                language?: string;
                /** @default 1 */
                linearity: 1 | 2;
                mimes: string[];
                /** @description As OpenRTB and AdCOM number it. */
                protocol?: number;
                secure?: boolean;
                /** @enum {string} */
                type: "video";
                vast?: string;
                /** Format: uri */
                vastUrl?: string;
                /** @description In pixels. */
                w?: number;
            } | {
                /** @default [] */
                apis: number[];
                /** @default [] */
                attributes: number[];
                /** @description In seconds. */
                durationSeconds: number;
                id: string;
                language?: string;
                mimes: string[];
                /** @description As OpenRTB and AdCOM number it. */
                protocol?: number;
                secure?: boolean;
                /** @enum {string} */
                type: "audio";
                vast?: string;
                /** Format: uri */
                vastUrl?: string;
            } | {
                /** @default [] */
                apis: number[];
                /** @default [] */
                attributes: number[];
                /** @default [] */
                data: {
                    /** @description As OpenRTB and AdCOM number it. */
                    type: number;
                    value: string;
                }[];
                id: string;
                /** @default [] */
                images: {
                    /** @description In pixels. */
                    h: number;
                    mime?: string;
                    /** @description As OpenRTB and AdCOM number it. */
                    type: number;
                    /** Format: uri */
                    url: string;
                    /** @description In pixels. */
                    w: number;
                }[];
                /** @default [] */
                impressionTrackers: string[];
                language?: string;
                /** Format: uri */
                link: string;
                secure?: boolean;
                title: string;
                /** @enum {string} */
                type: "native";
            })[];
            dsa?: {
                /** @default 0 */
                adrender: 0 | 1;
                behalf: string;
                paid: string;
                /** @default [] */
                transparency: {
                    domain: string;
                    dsaparams: number[];
                }[];
            };
            frequencyCap?: {
                /** @description A count. */
                impressions: number;
                /** @description In seconds. */
                windowSeconds: number;
                /**
                 * @default skip
                 * @enum {string}
                 */
                withoutId: "skip" | "bid";
            };
            /** @default [] */
            limits: ({
                /** @enum {string} */
                kind: "sliding";
                /**
                 * @description Currency units, used exactly as sent: at most 6 decimals.
                 * @example 150.25
                 */
                max: number;
                /**
                 * @description In seconds.
                 * @default 600
                 */
                windowSeconds: number;
            } | {
                /** @enum {string} */
                kind: "day";
                /**
                 * @description Currency units, used exactly as sent: at most 6 decimals.
                 * @example 150.25
                 */
                max: number;
                /**
                 * @description An IANA name, old or new, or an offset such as +05:30.
                 * @example Europe/Berlin
                 */
                timezone?: string;
            } | {
                /** @enum {string} */
                kind: "lifetime";
                /**
                 * @description Currency units, used exactly as sent: at most 6 decimals.
                 * @example 150.25
                 */
                max: number;
            })[];
            /** @default {} */
            pacing: {
                flight?: {
                    /** Format: date-time */
                    end: string;
                    /** Format: date-time */
                    start: string;
                };
                /**
                 * @default asap
                 * @enum {string}
                 */
                mode: "asap" | "even" | "ahead";
            };
            price: {
                /** @description Price of a thousand impressions for each unit of predicted lifetime value. */
                cpmPerLtv: number;
                /**
                 * @description Currency units, used exactly as sent: at most 6 decimals.
                 * @example 150.25
                 */
                maxCpm: number;
                /**
                 * @description Currency units, used exactly as sent: at most 6 decimals.
                 * @example 150.25
                 */
                minCpm?: number;
            };
            /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
            reason?: string | null;
            /** @default false */
            roadblock: boolean;
            seat: string;
            /**
             * @default on
             * @enum {string}
             */
            shading: "on" | "off";
            /**
             * @default active
             * @enum {string}
             */
            status: "active" | "paused";
            /** @default {} */
            targeting: {
                /** @default {} */
                bundles: {
                    /** @default [] */
                    allow: string[];
                    /** @default [] */
                    deny: string[];
                };
                /** @default false */
                completeSupplyChain: boolean;
                /** @default [] */
                countries: string[];
                /** @default [] */
                deals: string[];
                /** @default [] */
                deviceTypes: number[];
                /** @default {} */
                domains: {
                    /** @default [] */
                    allow: string[];
                    /** @default [] */
                    deny: string[];
                };
                /** @default [] */
                placements: number[];
                /**
                 * @default any
                 * @enum {string}
                 */
                rewarded: "any" | "only" | "none";
            };
        };
        /** @description What the last call of this process came to. */
        CAPIResponse: {
            errors: {
                code: string;
                message: string;
            }[];
            /** @description Events that the platform took. */
            events_processed: number;
            /** @description Events of the call. */
            events_received: number;
            platform: string;
            request_id: string | null;
            success: boolean;
        } | null;
        ChangedCampaign: {
            id: string;
        };
        ConnectionCredentials: {
            accessToken: string;
            /** Format: date-time */
            expiresAt?: string;
            provider: string;
            /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
            reason?: string | null;
            refreshToken?: string;
        };
        ConnectionResult: {
            details: {
                [key: string]: unknown;
            } | null;
            message: string;
            platform: string;
            /** @enum {string} */
            status: "connected" | "disconnected" | "error" | "pending";
        };
        Connector: {
            account_id: string | null;
            /** @description Those that the grant reaches */
            accounts: {
                id: string;
                name?: string;
            }[];
            created_at: string;
            currency: string | null;
            health: {
                /** @description A share of the latest calls, from 0 to 1 */
                error_rate: number;
                last_check: string | null;
                /** @description In milliseconds. */
                latency_ms: number | null;
                /**
                 * @description `degraded` while its platform fails: data may be stale
                 * @enum {string}
                 */
                status: "healthy" | "degraded" | "unhealthy";
            };
            id: string;
            last_sync_at: string | null;
            /** @description What is to be done, where it is not connected */
            message?: string;
            rate_limit: {
                /** @description In units of the currency. */
                limit: number;
                /** @description In units of the currency. */
                remaining: number;
                reset_at: string;
            };
            settings: {
                [key: string]: unknown;
            };
            /** @enum {string} */
            status: "pending" | "connected" | "disconnected" | "error";
            timezone: string | null;
            type: string;
        };
        ConnectorHealthPoint: {
            /** @description In milliseconds. */
            avg_latency_ms: number | null;
            /** @description Why figures are null. */
            caveat: string | null;
            circuit_state: string | null;
            /** @description Events that the platform did not take when they were sent. */
            error_count: number;
            /** @description Events that the platform took. */
            events_processed: number;
            from: string;
            platform: string;
            /**
             * @description Null, as the shares: nothing was sent.
             * @enum {string|null}
             */
            status: "healthy" | "degraded" | "unhealthy" | null;
            /** @description A share, from 0 to 1; null where nothing was sent. */
            success_rate: number | null;
            to: string;
        };
        ConnectorHealthStatus: {
            /** @description In milliseconds. */
            avg_latency_ms: number | null;
            circuit_state: string;
            /** @description Events that the platform did not take when they were sent, in the last hour. */
            error_count_1h: number;
            /** @description Events that the platform took in the last hour. */
            events_processed_1h: number;
            issues: string[];
            last_check: string;
            platform: string;
            /** @enum {string} */
            status: "healthy" | "degraded" | "unhealthy";
            /** @description A share, from 0 to 1; null where nothing was sent. */
            success_rate_1h: number | null;
        };
        ConnectorType: {
            /** @description Names by which it may be asked for as well */
            also: string[];
            /** @enum {string} */
            auth: "oauth2" | "api_key";
            features: string[];
            limits: {
                /** @description Calls that may be made at once by an account that was quiet */
                burst: number;
                /** @description Calls of one account that are made in the window at most */
                calls: number;
                /** @description Which calls are counted together */
                calls_of: string;
                /** @description Length of the window, in seconds; it slides */
                window_seconds: number;
            }[];
            reports: {
                /** @description Names by which it may be asked for as well */
                also: string[];
                /** @description Whether date_range has to be given */
                dated: boolean;
                /** @description Read when no fields are asked for */
                default_fields: string[];
                fields: {
                    /** @description Every platform that has this field knows it by this name */
                    common: boolean;
                    /** @description The platform's own name of it, where that is another */
                    from: string | null;
                    /** @description What the field holds, with its unit */
                    means: string | null;
                    name: string;
                }[];
                /** @description Months that the platform keeps the figures */
                history_months: number | null;
                /** @description Fields that name a row */
                key: string[];
                /** @description Longest date_range of one request, in days */
                max_days: number | null;
                name: string;
            }[];
            /** @description Report whose spend is compared with what was bid; null where it reports none */
            spend_report: string | null;
            type: string;
        };
        ConversionConnectionInput: {
            /** @description As the platform names them, for example `pixel_id` and `access_token`. */
            credentials: {
                [key: string]: string;
            };
            /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
            reason?: string | null;
            settings?: {
                default_region?: string;
            };
        };
        ConversionDeliveryCounts: {
            /** @description Given up. */
            dead: number;
            platform: string;
            /** @description Sent, and to be sent again. */
            retrying: number;
            /** @description Accepted, and not sent yet; also those that are under way. */
            waiting: number;
        };
        ConversionEvent: {
            /** @enum {string} */
            action_source: "website" | "app" | "email" | "phone_call" | "chat" | "physical_store" | "system_generated" | "business_messaging" | "other";
            app_data?: {
                /** @description Whether the device may be tracked. */
                advertiser_tracking_enabled: boolean;
                /** @description Whether the app may track. */
                application_tracking_enabled: boolean;
                /** @description i2 or a2, package, short version, long version, version of the system, model, locale, time zone, carrier, width, height, density, cores, storage, free storage, zone of the device; what is not known is an empty text. */
                extinfo: string[];
            };
            bid_id?: string;
            consent?: {
                /** @enum {string} */
                ad_personalization?: "granted" | "denied";
                /** @enum {string} */
                ad_user_data?: "granted" | "denied";
            };
            custom_data?: {
                contents?: {
                    id: string;
                    /** @description Price of one, in units of the currency. */
                    item_price?: number;
                    /** @description How many of the item. */
                    quantity?: number;
                }[];
                /** @example USD */
                currency?: string;
                order_id?: string;
                /** @description Lifetime value of the customer, in units of the currency. */
                predicted_ltv?: number;
                search_string?: string;
                /** @description In units of the currency. */
                value?: number;
            };
            event_id: string;
            event_name: string;
            event_source_url?: string;
            /**
             * @description ISO 8601 with a time zone, or Unix seconds or milliseconds.
             * @example 2026-11-20T11:00:00Z
             */
            event_time: string | number;
            platforms?: ("meta" | "google" | "tiktok" | "snapchat")[];
            user_data?: {
                city?: string;
                client_ip_address?: string;
                client_user_agent?: string;
                country?: string;
                email?: string;
                external_id?: string;
                fbc?: string;
                fbp?: string;
                first_name?: string;
                gbraid?: string;
                gclid?: string;
                last_name?: string;
                phone?: string;
                sc_click_id?: string;
                sc_cookie1?: string;
                state?: string;
                ttclid?: string;
                ttp?: string;
                wbraid?: string;
                zip?: string;
            };
        };
        ConversionEvents: {
            events: components["schemas"]["ConversionEvent"][];
        };
        /** @description What was said about the person and is not sent: to no platform, because nobody can be certain what it means, or not to one. */
        ConversionLeftOut: {
            field: string;
            /** @description The only platform that does not get it; left out where none does. */
            platform?: string;
            reason: string;
        };
        ConversionPreview: {
            /** @description From the version of `compareTo` to the other one: places in the body, and `url`; where one of them would not be sent, `refused` and `request`. */
            differences?: {
                from?: unknown;
                path: string;
                to?: unknown;
            }[];
            event_id: string | null;
            left_out?: components["schemas"]["ConversionLeftOut"][];
            platform: string | null;
            refused?: {
                field: string;
                reason: string;
            };
            request?: {
                body?: unknown;
                method: string;
                url: string;
            };
        };
        ConversionPreviewInput: {
            /** @description Version of the mappings to compare with. */
            compareTo?: number;
            events: components["schemas"]["ConversionEvent"][];
            platforms?: ("meta" | "google" | "tiktok" | "snapchat")[];
            /** @description Version of the mappings; the latest where nothing is said. */
            version?: number;
        };
        ConversionReplay: {
            /**
             * @description Wanted where nothing is named: all dead letters, at one platform or at all.
             * @default false
             */
            all: boolean;
            /**
             * @description Says what would be sent again and what not, and sends nothing.
             * @default false
             */
            dry_run: boolean;
            event_ids?: string[];
            event_name?: string;
            /**
             * @description Most dead letters that are looked at, the oldest first.
             * @default 1000
             */
            limit: number;
            /** @enum {string} */
            platform?: "meta" | "google" | "tiktok" | "snapchat";
            /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
            reason?: string | null;
        };
        ConversionReplayResult: {
            refused: {
                code: string;
                event_id: string;
                event_name: string | null;
                platform: string | null;
                reason: string;
            }[];
            replayed: {
                event_id: string;
                event_name: string;
                platform: string;
            }[];
        };
        ConversionResult: {
            event_id: string | null;
            field?: string;
            left_out?: components["schemas"]["ConversionLeftOut"][];
            reason?: string;
            /** @description Platforms that would refuse the event or are not connected, so that they do not get it; the others do. */
            refused_by?: {
                field: string;
                platform: string;
                reason: string;
            }[];
            /** @enum {string} */
            status: "accepted" | "duplicate" | "rejected";
        };
        ConversionState: {
            bid_id: string | null;
            deliveries: (components["schemas"]["EventDeliveryLog"] & Record<string, unknown>)[];
            event_id: string;
            event_name: string;
            event_time: string;
        };
        DeadLetter: {
            connector_id: string;
            created_at: string;
            error: string;
            id: string;
            /** @description A count. */
            org_id: number;
            sync_job_id: string;
        };
        Emails: {
            emails: {
                from?: string;
                html?: string;
                reply_to?: string;
                subject?: string;
                tags?: {
                    [key: string]: string;
                };
                template?: {
                    id: string;
                    variables?: {
                        [key: string]: string | number;
                    };
                };
                text?: string;
                to: string[];
            }[];
        };
        EmailTemplate: {
            id: string;
        };
        EmailTemplateChange: {
            alias?: string;
            from?: string;
            html?: string;
            name?: string;
            subject?: string;
            text?: string;
            variables?: {
                fallback_value?: string | number;
                key: string;
                /** @enum {string} */
                type: "string" | "number";
            }[];
        };
        EventDeliveryLog: {
            /** @description How often it was sent. */
            attempts: number;
            code: string | null;
            error_message: string | null;
            event_id: string;
            event_name: string;
            first_attempt_at: string | null;
            last_attempt_at: string | null;
            /** @description In milliseconds. */
            latency_ms: number | null;
            /** @description Version of the mappings that it was accepted with. */
            mapping_version: number;
            /** @description How well the platform can find the person, from 0 to 10: an estimate by the identifiers it got. */
            match_quality: number;
            next_attempt_at: string | null;
            /** @description The first attempt of which nobody can say whether the platform took the event. */
            outcome_unknown_since: string | null;
            platform: string;
            /** @description Of the last call, where the platform gave one. */
            request_id: string | null;
            /** @description How often it was sent again. */
            retry_count: number;
            /** @enum {string} */
            state: "pending" | "sent" | "acknowledged" | "retrying" | "dead";
            success: boolean;
            /** @description When it was accepted. */
            timestamp: string;
        };
        EventMapping: {
            /** @default {} */
            parameters: {
                [key: string]: string | number | boolean;
            };
            platform_events: {
                google?: string;
                meta?: string;
                snapchat?: string;
                tiktok?: string;
            };
            source_event: string;
        };
        EventMappings: {
            mappings: components["schemas"]["EventMapping"][];
            standard: components["schemas"]["EventMapping"][];
            /** @description Number of the version; 0 is the standard table alone. */
            version: number;
            versions: {
                created_at: string;
                /** @description Number of the version; 0 is the standard table alone. */
                version: number;
            }[];
        };
        EventMappingsInput: {
            /** @description All of them: one that is left out is gone, and an empty list leaves the standard table alone. */
            mappings: components["schemas"]["EventMapping"][];
            /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
            reason?: string | null;
        };
        Fetch: {
            connector_id: string;
            date_range?: {
                end: string;
                start: string;
            };
            fields?: string[];
            /**
             * @description Read from the platform, whatever was read a moment ago. Without it, a reading of the last five minutes that brings all that is asked for serves this as well
             * @default false
             */
            fresh: boolean;
            /**
             * @default normal
             * @enum {string}
             */
            priority: "high" | "normal" | "backfill";
            report_type: string;
        };
        Finding: {
            /** @description What to do about it. */
            advice?: string;
            detail: string;
            /**
             * @description `problem`: money or service is at risk. `warning`: it works, but not as one would want it. `off`: a part that is not used.
             * @enum {string}
             */
            state: "ok" | "warning" | "problem" | "off";
            /**
             * @description What was examined.
             * @example Redis persistence
             */
            subject: string;
        };
        /** @description By an even speed: a limit of a day goes on as this day went so far, a sliding one as its window went, one for ever as the longest of the others. Exchanges and shops are not even over a day; bids that are paused or refused now are not foreseen. */
        Forecast: {
            at: string;
            currency: string;
            limits: {
                /** @description When the day ends; null for other limits. */
                endsAt: string | null;
                /** @description In units of the currency. */
                held: number;
                /** @enum {string} */
                kind: "sliding" | "day" | "lifetime";
                /** @description In units of the currency. */
                max: number;
                /** @description Length of the time over which `perHour` was measured, up to now, in seconds. */
                measuredOverSeconds: number | null;
                /** @description What is spent and held in an hour, in units; null where too little is known. */
                perHour: number | null;
                /** @description In units of the currency. */
                remaining: number;
                /** @description In units of the currency. */
                spent: number;
                /** @description What is spent of the day when it ends, in units, if it goes on so and the limit lets it; null for other limits. */
                spentAtEnd: number | null;
                timezone?: string;
                /** @description When nothing is left if it goes on so; null where something always is. */
                usedUpAt: string | null;
                /** @description In seconds. */
                windowSeconds?: number;
            }[];
            scope: string;
        };
        /** @description How the money for open exchange bids is held. `strict`: all of it. `bounded`: what their bills may come to, and at least all but `worstCase` lets be billed beyond a limit. The probability is that of spend passing a limit at any moment of a day, for each process, as long as bids end independently and as they did. Platform bids are held in full. */
        HoldMode: {
            /** @enum {string} */
            is: "strict";
        } | {
            /** @enum {string} */
            is: "bounded";
            /** @description A share, from 0 to 1. */
            maxOverspendProbability: number;
        };
        /** @description A budget of its own, `key:<name>`, from which every bid and every raise of a platform campaign by the key is paid beside the others. It is in the currency of the budget `global`; bids in another one are refused. Exchanges let no such key ask for auctions. */
        KeyBudget: {
            limits: components["schemas"]["Limit"][];
        };
        KeyChange: {
            /**
             * Format: date-time
             * @description From then on it is answered 401 `key_expired`; null for never.
             */
            expiresAt: string | null;
            /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
            reason?: string | null;
        };
        KeyInput: {
            budget?: components["schemas"]["KeyBudget"];
            /**
             * Format: date-time
             * @description From then on it is answered 401 `key_expired`.
             */
            expiresAt?: string;
            /** @description Who it is for; shown wherever it is used. */
            name: string;
            /** @description Number of its organisation; that of the key which makes it where none is said. */
            organisation?: number;
            /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
            reason?: string | null;
            scopes: ("bid" | "read" | "operate" | "connect" | "convert" | "admin" | "premium")[];
        };
        KillSwitch: {
            advice?: components["schemas"]["Advice"];
            campaigns?: {
                campaignId: string;
                detail?: string;
                /** @enum {string} */
                platform: "google_ads" | "meta" | "tradedesk";
                /** @enum {string} */
                result: "paused" | "refused" | "throttled" | "auth_lost" | "unavailable" | "unknown";
            }[];
            engaged: boolean;
            reason?: string;
            since?: string;
        };
        KillSwitchInput: {
            engaged: boolean;
            pauseCampaigns?: boolean;
            /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
            reason?: string | null;
        };
        Limit: {
            /** @enum {string} */
            kind: "sliding";
            /**
             * @description Currency units, used exactly as sent: at most 6 decimals.
             * @example 150.25
             */
            max: number;
            /** @description In seconds. */
            windowSeconds: number;
        } | {
            /** @enum {string} */
            kind: "day";
            /**
             * @description Currency units, used exactly as sent: at most 6 decimals.
             * @example 150.25
             */
            max: number;
            /**
             * @description An IANA name, old or new, or an offset such as +05:30.
             * @example Europe/Berlin
             */
            timezone: string;
        } | {
            /** @enum {string} */
            kind: "lifetime";
            /**
             * @description Currency units, used exactly as sent: at most 6 decimals.
             * @example 150.25
             */
            max: number;
        };
        MadeApiKey: components["schemas"]["ApiKey"] & {
            /** @description The key itself. It is never shown again. */
            key: string;
        };
        MatchQualityDay: {
            /**
             * @description The day (UTC) on which the events came.
             * @example 2026-11-20
             */
            date: string;
            /** @description Events that were not refused before they were sent. */
            events: number;
            /** @description Mean of the estimates, from 0 to 10. An estimate of ours by the identifiers that the events had, not the figure of the platform, which sees who it finds. */
            match_quality: number;
            platform: string;
        };
        NewConnector: {
            account_id?: string;
            api_key: string;
            connector_type: string;
            /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
            reason?: string | null;
            settings?: Record<string, unknown>;
        };
        NewEmailTemplate: {
            alias?: string;
            from?: string;
            html: string;
            name: string;
            subject?: string;
            text?: string;
            variables?: {
                fallback_value?: string | number;
                key: string;
                /** @enum {string} */
                type: "string" | "number";
            }[];
        };
        NewPlatformCampaign: {
            /**
             * @description In units of the currency.
             * @example 50
             */
            daily_budget: number;
            name: string;
            /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
            reason?: string | null;
            /** Format: date */
            start_date?: string;
        };
        Notification: {
            at: string;
            /** @description Tries since it was new, or was sent again. */
            attempts: number;
            /** @description Why the latest try failed. */
            error?: string;
            /** @description What the header `webhook-id` says, at every try. */
            id: string;
            nextAttemptAt?: string;
            /** @enum {string} */
            status: "waiting" | "delivered" | "dead";
            subject: string;
            /** @example budget_near */
            type: string;
        };
        OauthCallback: {
            account_id?: string;
            code: string;
            /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
            reason?: string | null;
            state: string;
        };
        OauthInitiate: {
            /** Format: uri */
            callback_url: string;
            connector_id?: string;
            connector_type: string;
            settings?: Record<string, unknown>;
        };
        Pace: {
            asOf?: string;
            /** @description The limit that is spread over the period. */
            budget?: number;
            period?: {
                end: string;
                start: string;
            };
            /** @description How many processes bid; `share` is their average. */
            processes?: number;
            /** @description The share of its chances that the campaign takes; null before its first chance since the start. */
            share: number | null;
            /** @description What the plan gave the rest of the hour when it was made, and what was used since. */
            thisHour?: {
                /** @description A count. */
                planned: number;
                /** @description A count. */
                used: number;
            };
            /** @description Of the budget: spent and set aside, in all processes. */
            used?: number;
            /**
             * @description `learning`: what a bid costs is not known yet. `short_of_traffic`: all of the traffic is too little for the budget. `spent_out`: nothing is left. `store_away`: the share stays until the budget store answers.
             * @enum {string}
             */
            why: "no_chance_yet" | "learning" | "on_plan" | "short_of_traffic" | "spent_out" | "store_away";
        };
        Platform: {
            /**
             * @description Whether the platform takes our credentials; `none` where none are configured.
             * @enum {string}
             */
            auth: "ok" | "lost" | "none";
            authDetail?: string;
            breaker: {
                /** @description In milliseconds. */
                retryAfterMs?: number;
                /** @enum {string} */
                state: "closed" | "open" | "half_open";
            };
            currency: string;
            /** @description A count. */
            deferred: number;
            /** @description A count. */
            fallbackCount: number;
            /** @description Of the bids that were decided since the start, the share by the fallback, from 0 to 1; left out where there was none. */
            fallbackShare?: number;
            latencyMs?: {
                /** @description This percentile, in milliseconds. */
                p50: number;
                /** @description This percentile, in milliseconds. */
                p95: number;
            };
            /** @description A count. */
            ltvSamples: number;
            /** @description Lifetime value of a customer, in units of the currency. */
            medianLtv?: number;
            /** @enum {string} */
            mode: "mock" | "live";
            /** @enum {string} */
            platform: "google_ads" | "meta" | "tradedesk";
            rateLimit: {
                /** @description A count. */
                calls: number;
                /** @description Calls that are left. */
                remaining: number;
                /** @description In seconds. */
                windowSeconds: number;
            };
        };
        Prediction: {
            /** @description A share, from 0 to 1. */
            confidence?: number;
            /** @description Lifetime value of a customer, in units of the currency. */
            predictedLtv: number;
            /** @description In seconds. */
            ttlSeconds?: number;
        };
        Predictions: {
            /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
            reason?: string | null;
            rows: {
                /** @description A share, from 0 to 1. What sums of floats have above 1 is cut off. */
                confidence?: number;
                /** @example user */
                idType: string;
                /**
                 * @description Currency units with any number of decimals; what is below a millionth is cut off.
                 * @example 102.34567260742188
                 */
                predictedLtv: number;
                /** @description In seconds. */
                ttlSeconds?: number;
                userId: string;
            }[];
        };
        Problem: {
            /** @description In units of the currency. */
            amount?: number;
            bidId?: string;
            /** @enum {string} */
            code: "invalid_request" | "unauthorized" | "key_expired" | "forbidden" | "approval_refused" | "not_found" | "method_not_allowed" | "paused" | "changed_meanwhile" | "approval_ended" | "idempotency_key_in_use" | "payload_too_large" | "unsupported_media_type" | "currency_mismatch" | "no_ltv_history" | "idempotency_key_reused" | "budget_exceeded" | "rate_limited" | "too_many_approvals" | "internal" | "platform_refused" | "budget_store_unavailable" | "connector_store_unavailable" | "credentials_unreadable" | "not_configured" | "platform_unavailable" | "records_unavailable" | "shutting_down" | "outcome_unknown";
            detail: string;
            field?: string;
            /** @description In units of the currency. */
            remaining?: number;
            /**
             * @description Whether the same request can succeed: `never`, some time `later`, or `after` the milliseconds of `retryAfterMs`.
             * @enum {string}
             */
            retry: "never" | "later" | "after";
            /** @description In milliseconds. */
            retryAfterMs?: number;
            scope?: string;
            /** @description HTTP status. */
            status: number;
            title: string;
            /** @enum {string} */
            type: "about:blank";
            wouldPassAt?: string;
        };
        ReasonInput: {
            /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
            reason?: string | null;
        };
        Reconciliation: {
            account_id: string | null;
            caveats: string[];
            connector_id: string;
            currency: string;
            days: {
                /** @description The highest daily budget given from here that stood on that day */
                budget: number | null;
                campaign_id: string;
                date: string;
                /** @description Reported less own; null where nothing is reported */
                difference: number | null;
                /** @description By our own ledger */
                own: number;
                /** @enum {string} */
                reason: "none" | "not_reported" | "late_data" | "under_delivery" | "over_delivery" | "within_budget" | "changed_outside" | "not_ours" | "unknown";
                /** @description By the platform, in currency units; null where its figure is missing */
                reported: number | null;
            }[];
        };
        Records: {
            records: {
                [key: string]: string | number | boolean | null;
            }[];
        };
        ReportRequest: {
            /** @description Requests that the same reading serves */
            batched_with: string[];
            completed_at: string | null;
            connector_id: string;
            /** @description In units of the currency. */
            cost: number | null;
            created_at: string;
            date_range?: {
                /** @description A date, as in 2026-11-01 */
                end: string;
                /** @description A date, as in 2026-11-01 */
                start: string;
            };
            error?: string;
            /** @description In milliseconds. */
            execution_time_ms: number | null;
            fields: string[];
            merged: boolean;
            report_type: string;
            request_id: string;
            result?: {
                caveats: string[];
                fetched_at: string;
                /** @description Data up to this date will not change any more */
                final_through: string | null;
                /** @description A count. */
                records_fetched: number;
                /** @description In bytes. */
                size_bytes: number;
                /** @description Null after the file was deleted to make room */
                storage_location: string | null;
                /** @description Last date with data */
                watermark: string | null;
            };
            started_at: string | null;
            /** @enum {string} */
            status: "queued" | "running" | "completed" | "failed" | "cancelled";
        };
        ReportRequestStatus: components["schemas"]["ReportRequest"] & {
            /** @description In seconds. */
            estimated_wait_seconds?: number;
            /** @description What it waits for */
            message?: string;
            /** @description In per cent */
            progress: number;
            /** @description 1 is next; 0 once it has begun */
            queue_position?: number;
            /** @description Seconds since the rows were read */
            rows_age_seconds?: number | null;
            /** @description The platform fails; what was read before is answered */
            stale?: boolean;
        };
        RoasFigures: {
            /** @description Bids that spent money. */
            bids: number;
            /** @description What the figures lack, and why one is null. */
            caveats: {
                /** @enum {string} */
                code: "decisions_not_kept" | "other_processes" | "conversions_forgotten" | "outcome_unknown" | "conversions_without_value" | "value_without_currency" | "currencies_differ" | "no_spend";
                detail: string;
            }[];
            /** @description Conversions that these bids bought. */
            conversions: number;
            /** @description Value for each unit of spend; null where one is not known, or they are in different currencies. */
            ratio: number | null;
            /**
             * @description What bids spent; what has no certain outcome counts as spent, in units, by currency; null where it is not known whole.
             * @example {
             *       "USD": 120
             *     }
             */
            spend: {
                [key: string]: number;
            } | null;
            /**
             * @description What conversions are worth, in units, by currency; null where it is not known whole.
             * @example {
             *       "USD": 120
             *     }
             */
            value: {
                [key: string]: number;
            } | null;
        };
        RoasRow: {
            /** @description Bids that spent money. */
            bids: number;
            /** @description Bids by predictions, and by the history of values where no prediction could be had. */
            bySource: {
                ai: components["schemas"]["RoasFigures"];
                fallback: components["schemas"]["RoasFigures"];
            };
            campaignId?: string;
            /** @description What the figures lack, and why one is null. */
            caveats: {
                /** @enum {string} */
                code: "decisions_not_kept" | "other_processes" | "conversions_forgotten" | "outcome_unknown" | "conversions_without_value" | "value_without_currency" | "currencies_differ" | "no_spend";
                detail: string;
            }[];
            /** @description Conversions that these bids bought. */
            conversions: number;
            platform?: string;
            /** @description Value for each unit of spend; null where one is not known, or they are in different currencies. */
            ratio: number | null;
            /** @enum {string} */
            source?: "ai" | "fallback" | "unknown";
            /**
             * @description What bids spent; what has no certain outcome counts as spent, in units, by currency; null where it is not known whole.
             * @example {
             *       "USD": 120
             *     }
             */
            spend: {
                [key: string]: number;
            } | null;
            /**
             * @description What conversions are worth, in units, by currency; null where it is not known whole.
             * @example {
             *       "USD": 120
             *     }
             */
            value: {
                [key: string]: number;
            } | null;
        };
        Schedule: {
            cron: string | null;
            /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
            reason?: string | null;
            /**
             * @description An IANA name, old or new, or an offset such as +05:30.
             * @example Europe/Berlin
             */
            timezone?: string;
        };
        Seat: {
            /** @description Requests answered with a bid. */
            answered: number;
            /** @description Share of requests answered with a bid. */
            bidRate: number;
            /** @description A count. */
            bids: number;
            /** @description Bids that were billed. */
            billed: number;
            /** @enum {string} */
            billOn: "billing" | "win";
            /** @description Of `held` and `overdraft`. */
            currency: string;
            /** @description Held for the open bids of this seat. */
            held: number;
            /** @description In seconds. */
            holdSeconds: number;
            /** @description A count. */
            losses: number;
            /** @description Impressions without a bid since the start, by reason, the commonest first. */
            noBids: {
                /** @description A count. */
                imps: number;
                /** @enum {string} */
                reason: "bad_request" | "bad_impression" | "too_late" | "shed" | "too_many_open_bids" | "seat_not_allowed" | "no_common_currency" | "no_campaign" | "too_many_imps" | "private_auction" | "outside_hours" | "device_type" | "domain" | "bundle" | "supply_chain" | "rewarded" | "placement" | "mime" | "protocol" | "duration" | "linearity" | "api" | "attribute_blocked" | "banner_type_blocked" | "language" | "not_secure" | "category_taxonomy" | "category_blocked" | "dsa_required" | "dsa_rendering" | "native_assets" | "deal_terms" | "app_blocked" | "advertiser_blocked" | "advertiser_in_pod" | "no_ltv" | "no_floor_rate" | "below_floor" | "below_deal_floor" | "no_user_id" | "frequency_capped" | "paced" | "stopped" | "budget_unknown" | "over_budget" | "over_request_share" | "too_costly";
            }[];
            noticeDelayMs?: {
                /** @description This percentile, in milliseconds. */
                p50: number;
                /** @description This percentile, in milliseconds. */
                p95: number;
                /** @description This percentile, in milliseconds. */
                p99: number;
            };
            /** @description Whose it is; missing where all share it. */
            org?: number;
            /** @description Billed for bids of this seat although no limit had room, since the start. */
            overdraft: number;
            /** @description Requests a second. */
            qps: number;
            /** @description A count. */
            requests: number;
            seat: string;
            /** @description What was learned of the prices of first-price auctions, by class of slot; see docs/openrtb.md. Missing classes had none. */
            shading: components["schemas"]["SeatShading"][];
            /** @description Requests answered without a bid because the process was overloaded. */
            shed: number;
            /** @description Requests whose tmax left no time to answer. */
            tooLate: number;
            /** @description Bids billed over bids made. */
            winRate: number;
            /** @description A count. */
            wins: number;
        };
        SeatShading: {
            /** @description Auctions that count; those long ago count less. */
            auctions: number;
            /** @description The chance of winning at a price for a thousand impressions, or at a share of the worth. */
            curve: {
                /** @description A count. */
                at: number;
                /** @description A count. */
                chance: number;
            }[];
            /**
             * @description What foretells better who wins, and is followed: the price, or its share of what the impression is worth.
             * @enum {string}
             */
            follows: "price" | "worth";
            /** @description Too few are known: the whole worth is bid. */
            isLearning: boolean;
            /** @enum {string} */
            slot: "app_banner_small" | "app_banner_medium" | "app_banner_large" | "app_video" | "app_video_rewarded" | "app_audio" | "app_native" | "other_banner_small" | "other_banner_medium" | "other_banner_large" | "other_video" | "other_video_rewarded" | "other_audio" | "other_native";
            /** @description What is bid for an impression of the mean worth, where there is no floor. */
            typical?: {
                /** @description For a thousand impressions. */
                price: number;
                /** @description For a thousand impressions. */
                worth: number;
            };
        };
        SeatTest: {
            /** @description Of the prices. */
            currency: string;
            /** @description Of the budgets. */
            heldCurrency: string;
            imps: {
                bids: {
                    campaign: string;
                    creative: string;
                    dealId?: string;
                    /** @description Why the money cannot be held now, so that there would be no bid after all. */
                    lack?: {
                        budget?: string;
                        /** @enum {string} */
                        is: "over_budget" | "budget_unknown" | "stopped";
                    };
                    /** @description Lifetime value of a customer, in units of the currency. */
                    predictedLtv?: number;
                    /** @description For a thousand impressions, in `currency`. */
                    price: number;
                    /** @description Of a first-price auction, but for deals and roadblocks. `off`: the campaign wants none. `learning`: too few auctions are known, so that the whole worth is bid. A test tries no other price. */
                    shade?: {
                        /** @description The share of its worth that is bid. */
                        by: number;
                        /** @enum {string} */
                        why: "off" | "learning" | "trial" | "learned";
                        /** @description The price without shading. */
                        worth: number;
                    };
                    /** @enum {string} */
                    source: "ai" | "fallback";
                    /** @description What the bid would hold, in the budgets' currency. */
                    wouldHold: number;
                }[];
                /** @description Those that have an ad of the size or type of the slot: at most 100. */
                campaigns: {
                    campaign: string;
                    /** @enum {string} */
                    is: "bids" | "beaten" | "refused";
                    /** @enum {string} */
                    reason?: "bad_request" | "bad_impression" | "too_late" | "shed" | "too_many_open_bids" | "seat_not_allowed" | "no_common_currency" | "no_campaign" | "too_many_imps" | "private_auction" | "outside_hours" | "device_type" | "domain" | "bundle" | "supply_chain" | "rewarded" | "placement" | "mime" | "protocol" | "duration" | "linearity" | "api" | "attribute_blocked" | "banner_type_blocked" | "language" | "not_secure" | "category_taxonomy" | "category_blocked" | "dsa_required" | "dsa_rendering" | "native_assets" | "deal_terms" | "app_blocked" | "advertiser_blocked" | "advertiser_in_pod" | "no_ltv" | "no_floor_rate" | "below_floor" | "below_deal_floor" | "no_user_id" | "frequency_capped" | "paced" | "stopped" | "budget_unknown" | "over_budget" | "over_request_share" | "too_costly";
                }[];
                /** @description The field that is wrong. */
                field?: string;
                impId: string;
                /** @description A campaign that you may not see would bid. */
                isTaken: boolean;
                /**
                 * @description Why there is no bid at all.
                 * @enum {string}
                 */
                reason?: "bad_request" | "bad_impression" | "too_late" | "shed" | "too_many_open_bids" | "seat_not_allowed" | "no_common_currency" | "no_campaign" | "too_many_imps" | "private_auction" | "outside_hours" | "device_type" | "domain" | "bundle" | "supply_chain" | "rewarded" | "placement" | "mime" | "protocol" | "duration" | "linearity" | "api" | "attribute_blocked" | "banner_type_blocked" | "language" | "not_secure" | "category_taxonomy" | "category_blocked" | "dsa_required" | "dsa_rendering" | "native_assets" | "deal_terms" | "app_blocked" | "advertiser_blocked" | "advertiser_in_pod" | "no_ltv" | "no_floor_rate" | "below_floor" | "below_deal_floor" | "no_user_id" | "frequency_capped" | "paced" | "stopped" | "budget_unknown" | "over_budget" | "over_request_share" | "too_costly";
            }[];
            seat: string;
        };
        SentEmails: {
            ids: string[];
        };
        Session: {
            /** @description When it has to sign in again at the latest. */
            expiresAt: string | null;
            /** @description Whether it sees and changes what organisations share. */
            isOperator: boolean;
            /** @description False where calls from this machine need no key. */
            keyNeeded: boolean;
            /** @enum {string} */
            mode: "mock" | "live";
            /** @description Name of the key or, behind `oidc:`, of the person; `local` where none is needed. */
            name: string;
            /** @description Number of the organisation. */
            organisation: number;
            /** @description All that may be done: `admin` has all of them. */
            scopes: ("bid" | "read" | "operate" | "connect" | "convert" | "admin" | "premium")[];
            /** @description Whether the cookie of a session says who it is. */
            signedIn: boolean;
        };
        SessionInput: {
            /**
             * Format: password
             * @description An API key.
             */
            key: string;
        };
        SignInWays: {
            /** @enum {boolean} */
            apiKey: true;
            /** @description Null where nobody signs in by OpenID Connect. */
            oidc: {
                /** @description Of the provider. */
                host: string;
            } | null;
        };
        /** @description What counted as spent when: bills count when they come, and an outcome that nobody knows counts as spent until it is read back. */
        SpendOverTime: {
            /** @description In seconds. */
            bucketSeconds: number;
            from: string;
            /** @enum {string} */
            period: "hour" | "day" | "week";
            series: {
                /**
                 * @description What was spent in each bucket, the oldest first, in units of the currency; null where nobody looked at its beginning or its end, as before the first start.
                 * @example [
                 *       12.5,
                 *       0,
                 *       null,
                 *       3.25
                 *     ]
                 */
                amounts: (number | null)[];
                /** @description What the figures lack. */
                caveats: {
                    /** @enum {string} */
                    code: "not_followed" | "gaps" | "credits";
                    detail: string;
                }[];
                currency: string;
                scope: string;
                /** @description Spent from the beginning to now, in units of the currency; null where the beginning is not known. */
                total: number | null;
            }[];
            /** @description Now: the last bucket is not over. */
            to: string;
        };
        Store: {
            detail?: string;
            /**
             * @description Where budgets are kept.
             * @enum {string}
             */
            kind: "memory" | "sqlite" | "redis";
            reachable: boolean;
            /** @description Scopes that the store grants nothing for, though it can be reached. */
            refusing: {
                scope: string;
                why: string;
            }[];
        };
        StoredRecords: {
            /** @description A count. */
            added: number;
            /** @description A count. */
            unchanged: number;
            /** @description A count. */
            updated: number;
        };
        StreamEvent: {
            data: {
                resumed: boolean;
            };
            /** @enum {string} */
            event: "open";
            id: string;
        } | {
            data: Record<string, unknown>;
            /** @enum {string} */
            event: "reset";
            id: string;
        } | {
            data: components["schemas"]["BidRecord"];
            /** @enum {string} */
            event: "bid";
            id: string;
        } | {
            data: {
                at: string;
                /** @description From the bid to the notice, in milliseconds. */
                delayMs: number;
                /** @enum {string} */
                kind: "win" | "billing" | "loss";
                /** @description As OpenRTB numbers it. */
                lossCode?: number;
                /** @description What it moved: `settled`, `released`, `duplicate` and others. */
                result: string;
                seat: string;
            };
            /** @enum {string} */
            event: "notice";
            id: string;
        } | {
            data: {
                /** @description A count. */
                bids: number;
                /** @description A count. */
                notices: number;
            };
            /** @enum {string} */
            event: "skipped";
            id: string;
        } | {
            data: {
                /** @description Requests with a bid. */
                answered: number;
                /** @description A count. */
                bids: number;
                /** @description A count. */
                billed: number;
                /** @description A count. */
                losses: number;
                /** @description The stretch that the counts are of, in milliseconds. */
                overMs: number;
                /** @description A count. */
                requests: number;
                seat: string;
                /** @description A count. */
                shed: number;
                /** @description A count. */
                wins: number;
            };
            /** @enum {string} */
            event: "auctions";
            id: string;
        } | {
            data: components["schemas"]["Budget"];
            /** @enum {string} */
            event: "budget";
            id: string;
        } | {
            data: {
                /** @enum {string} */
                platform: "google_ads" | "meta" | "tradedesk";
                /** @enum {string} */
                state: "closed" | "open" | "half_open";
            };
            /** @enum {string} */
            event: "breaker";
            id: string;
        } | {
            data: components["schemas"]["KillSwitch"];
            /** @enum {string} */
            event: "kill_switch";
            id: string;
        } | {
            data: components["schemas"]["Approval"];
            /** @enum {string} */
            event: "approval";
            id: string;
        };
        SuppressedAddress: {
            address: string;
            reason: string;
            since: string;
        };
        SyncJob: {
            caveats: {
                caveat: string;
                report: string;
            }[];
            completedAt: string | null;
            error: string | null;
            errors: {
                message: string | null;
                report: string;
                retryable: boolean;
            }[];
            id: string;
            integrationId: string;
            nextRetryAt: string | null;
            nextSyncAt: string | null;
            /** @description A count. */
            recordsProcessed: number;
            /** @description A count. */
            retryCount: number;
            startedAt: string | null;
            /** @enum {string} */
            status: "pending" | "running" | "completed" | "failed";
            /** @description Null while it is not known */
            success: boolean | null;
        };
        /** @description A bid request of OpenRTB 2.5 or 2.6. */
        TestRequest: {
            id: string;
            imp: ({
                id: string;
            } & {
                [key: string]: unknown;
            })[];
        } & {
            [key: string]: unknown;
        };
        Version: {
            /** @description Null where the code did not come by git. */
            commit: string | null;
            /** @enum {string} */
            mode: "mock" | "live";
            node: string;
            /** @description In seconds. */
            uptimeSeconds: number;
            version: string;
        };
        WebhookSecret: {
            /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
            reason?: string | null;
            secret: string;
            verify_token?: string;
        };
        WhatsAppMessage: {
            /** @description A count. */
            attempts: number;
            /** @description Why it is in its state. */
            code: string | null;
            created_at: string;
            error_message: string | null;
            language: string;
            /** @description When it was sent last. */
            last_attempt_at: string | null;
            message_id: string;
            /** @description When it is sent next; null where it is not sent again. */
            next_attempt_at: string | null;
            /** @description WhatsApp's id of it. */
            platform_message_id: string | null;
            /** @enum {string} */
            state: "pending" | "sending" | "unknown" | "accepted" | "sent" | "failed" | "delivered" | "read";
            /** @description When WhatsApp says that the state came to be. */
            status_at: string | null;
            template: string;
        };
        WhatsAppMessageInput: {
            consent?: {
                /** @enum {string} */
                messaging: "granted" | "denied";
            };
            message_id: string;
            template: {
                components?: ({
                    parameters: {
                        parameter_name?: string;
                        text: string;
                        /** @enum {string} */
                        type: "text";
                    }[];
                    /** @enum {string} */
                    type: "header" | "body";
                } | {
                    index: string;
                    parameters: ({
                        parameter_name?: string;
                        text: string;
                        /** @enum {string} */
                        type: "text";
                    } | {
                        payload: string;
                        /** @enum {string} */
                        type: "payload";
                    })[];
                    /** @enum {string} */
                    sub_type: "url" | "quick_reply";
                    /** @enum {string} */
                    type: "button";
                })[];
                language: string;
                name: string;
            };
            to: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getConnectors: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All connections */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        connectors: components["schemas"]["Connector"][];
                    };
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postConnectors: {
        parameters: {
            query?: {
                /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
                reason?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "connector_type": "TTD",
                 *       "api_key": "sandbox-ttd-auth"
                 *     }
                 */
                "application/json": components["schemas"]["NewConnector"];
            };
        };
        responses: {
            /** @description The connection */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Connector"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_refused */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_unavailable, records_unavailable, connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteConnectorsById: {
        parameters: {
            query?: {
                /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
                reason?: string | null;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        revoked: boolean;
                        /** @enum {string} */
                        status: "disconnected";
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConnectorsByIdCampaigns: {
        parameters: {
            query?: {
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Ids, with commas. */
                ids?: string;
                /** @description What is below campaigns is read with them. */
                level?: "campaign" | "insertion_order" | "ad_set" | "ad_group" | "line_item" | "order" | "ad";
                limit?: number;
                /** @description Part of the name, in either case. */
                name?: string;
                /** @description The platform's words, or `active` and `paused`; several with commas. */
                status?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Campaigns and when they were read */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description When they were read; null where they never were. */
                        as_of: string | null;
                        campaigns: {
                            [key: string]: unknown;
                        }[];
                        caveat?: string;
                        next?: string;
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postConnectorsByIdCampaigns: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Summer",
                 *       "daily_budget": 50,
                 *       "start_date": "2027-06-01"
                 *     }
                 */
                "application/json": components["schemas"]["NewPlatformCampaign"];
            };
        };
        responses: {
            /** @description The campaign */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangedCampaign"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description paused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description currency_mismatch */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description budget_exceeded, rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_refused */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description budget_store_unavailable, records_unavailable, platform_unavailable, connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description outcome_unknown */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patchConnectorsByIdCampaigns: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "changes": [
                 *         {
                 *           "id": "77",
                 *           "status": "paused"
                 *         },
                 *         {
                 *           "id": "78",
                 *           "daily_budget": 40
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["CampaignChanges"];
            };
        };
        responses: {
            /** @description What became of each, in the order of the changes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        results: ({
                            /** @description HTTP status. */
                            httpStatus: number;
                            id: string;
                        } & {
                            [key: string]: unknown;
                        })[];
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patchConnectorsByIdCampaignsByCampaignId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                campaignId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "status": "paused"
                 *     }
                 */
                "application/json": components["schemas"]["CampaignChange"];
            };
        };
        responses: {
            /** @description The campaign */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangedCampaign"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description paused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description currency_mismatch */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description budget_exceeded, rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_refused */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description budget_store_unavailable, records_unavailable, platform_unavailable, connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description outcome_unknown */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postConnectorsByIdEmails: {
        parameters: {
            query?: never;
            header?: {
                "idempotency-key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "emails": [
                 *         {
                 *           "from": "reports@mail.example",
                 *           "to": [
                 *             "ann@x.example"
                 *           ],
                 *           "subject": "Yesterday",
                 *           "text": "All is well."
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["Emails"];
            };
        };
        responses: {
            /** @description Their ids, in order */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SentEmails"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_refused */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_unavailable, connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description outcome_unknown */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConnectorsByIdEmailsByEmailId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                email_id: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its last event */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        email_id: string;
                    } & {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_refused */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_unavailable, connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description outcome_unknown */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConnectorsByIdReconciliation: {
        parameters: {
            query: {
                end: string;
                start: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Campaigns with spend on either side */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reconciliation"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description currency_mismatch */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    putConnectorsByIdRecords: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "records": [
                 *         {
                 *           "email": "ann@x.example",
                 *           "ltv": 320.5,
                 *           "segment": "gold"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["Records"];
            };
        };
        responses: {
            /** @description What became of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StoredRecords"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_refused */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_unavailable, connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description outcome_unknown */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConnectorsByIdSchedule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The schedule */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        connector_id: string;
                        cron: string;
                        next_at: string;
                        timezone: string;
                    } | {
                        connector_id: string;
                        cron: null;
                    };
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    putConnectorsByIdSchedule: {
        parameters: {
            query?: {
                /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
                reason?: string | null;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "cron": "0 6 * * *",
                 *       "timezone": "Europe/Berlin"
                 *     }
                 */
                "application/json": components["schemas"]["Schedule"];
            };
        };
        responses: {
            /** @description The schedule */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        connector_id: string;
                        cron: string;
                        next_at: string;
                        timezone: string;
                    } | {
                        connector_id: string;
                        cron: null;
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable, connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConnectorsByIdSuppressions: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In the order of their addresses */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        suppressions: components["schemas"]["SuppressedAddress"][];
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteConnectorsByIdSuppressionsByAddress: {
        parameters: {
            query?: {
                /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
                reason?: string | null;
            };
            header?: never;
            path: {
                address: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Who may be written to */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        address: string;
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable, connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postConnectorsByIdSync: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The job */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "running";
                        sync_job_id: string;
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postConnectorsByIdTemplates: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Welcome back",
                 *       "alias": "welcome-back",
                 *       "subject": "Good to see you, {{{NAME}}}",
                 *       "html": "<p>Hello {{{NAME}}}</p>",
                 *       "variables": [
                 *         {
                 *           "key": "NAME",
                 *           "type": "string",
                 *           "fallback_value": "there"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["NewEmailTemplate"];
            };
        };
        responses: {
            /** @description The template */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EmailTemplate"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_refused */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_unavailable, connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description outcome_unknown */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteConnectorsByIdTemplatesByTemplateId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                template_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The template */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EmailTemplate"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_refused */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_unavailable, connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description outcome_unknown */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patchConnectorsByIdTemplatesByTemplateId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                template_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "subject": "Good to see you"
                 *     }
                 */
                "application/json": components["schemas"]["EmailTemplateChange"];
            };
        };
        responses: {
            /** @description The template */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EmailTemplate"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_refused */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_unavailable, connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description outcome_unknown */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postConnectorsByIdTemplatesByTemplateIdPublish: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                template_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The template */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EmailTemplate"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_refused */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_unavailable, connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description outcome_unknown */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postConnectorsByIdTest: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the platform says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        detail: string;
                        id: string;
                        ok: boolean;
                    };
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    putConnectorsByIdWebhook: {
        parameters: {
            query?: {
                /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
                reason?: string | null;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
                 *     }
                 */
                "application/json": components["schemas"]["WebhookSecret"];
            };
        };
        responses: {
            /** @description Where the platform sends them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        path: string;
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable, connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConnectorsDeadLetters: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The last 200 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        dead_letters: components["schemas"]["DeadLetter"][];
                    };
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postConnectorsFetch: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "connector_id": "3f0c5a52-6a7e-4d6c-9b0f-0d7c1f1c2b3a",
                 *       "report_type": "campaign_performance",
                 *       "date_range": {
                 *         "start": "2026-11-01",
                 *         "end": "2026-11-07"
                 *       },
                 *       "fields": [
                 *         "impressions",
                 *         "clicks",
                 *         "spend"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["Fetch"];
            };
        };
        responses: {
            /** @description Where the request stands */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AskedReport"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postConnectorsOauthCallback: {
        parameters: {
            query?: {
                /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
                reason?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "code": "4/0AbCdEf",
                 *       "state": "as-it-came-back",
                 *       "account_id": "77"
                 *     }
                 */
                "application/json": components["schemas"]["OauthCallback"];
            };
        };
        responses: {
            /** @description The connection */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        accounts: {
                            id: string;
                            name?: string;
                        }[];
                        connector_id: string;
                        /** @enum {string} */
                        status: "pending" | "connected" | "disconnected" | "error";
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_refused */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_unavailable, records_unavailable, connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postConnectorsOauthInitiate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "connector_type": "DV360",
                 *       "callback_url": "http://127.0.0.1:3000/back",
                 *       "settings": {}
                 *     }
                 */
                "application/json": components["schemas"]["OauthInitiate"];
            };
        };
        responses: {
            /** @description Where to go */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        authorization_url: string;
                        state: string;
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConnectorsQueue: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The queue */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        queue_status: {
                            /** @description In seconds. */
                            estimated_wait_seconds: number;
                            positions: number[];
                            /** @description A count. */
                            total_queued: number;
                            /** @description A count. */
                            your_requests: number;
                        };
                        /** @description For each platform, those of the account with the least room */
                        rate_limits: {
                            [key: string]: {
                                /** @description In units of the currency. */
                                limit: number;
                                /** @description In units of the currency. */
                                remaining: number;
                                reset_at: string;
                            };
                        };
                    };
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConnectorsRequests: {
        parameters: {
            query?: {
                before?: string;
                connector_id?: string;
                limit?: number;
                status?: "queued" | "running" | "completed" | "failed" | "cancelled";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        next_before: string | null;
                        requests: components["schemas"]["ReportRequest"][];
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConnectorsRequestsById: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The request */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReportRequestStatus"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postConnectorsRequestsByIdCancel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The request */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReportRequest"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConnectorsRequestsByIdData: {
        parameters: {
            query?: {
                /**
                 * @description json, csv or parquet; json where nothing is said
                 * @example csv
                 */
                format?: string;
                /**
                 * @description Most rows of the answer, up to 10,000; all where nothing is said. Not with parquet.
                 * @example 100
                 */
                limit?: string;
                /**
                 * @description How many rows to leave out at the beginning, to read page by page.
                 * @example 0
                 */
                offset?: string;
            };
            header?: never;
            path: {
                /** @description The request. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The rows, as they are read */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                    "application/vnd.apache.parquet": string;
                    "text/csv": string;
                };
            };
            /** @description The request has no data yet */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description There is no such request */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
        };
    };
    postConnectorsRequestsByIdRetry: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The new request */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AskedReport"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConnectorsSchedules: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All schedules */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        schedules: {
                            connector_id: string;
                            cron: string;
                            next_at: string;
                            timezone: string;
                        }[];
                    };
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConnectorsTypes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All types */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        types: components["schemas"]["ConnectorType"][];
                    };
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConnectorsTypesByType: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                type: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The type */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectorType"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConversionsBatches: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description By platform */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        batches: components["schemas"]["BatchOptimizationResult"][];
                    };
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConversionsConnections: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All connections */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        connections: components["schemas"]["ConnectionResult"][];
                    };
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    putConversionsConnectionsByPlatform: {
        parameters: {
            query?: {
                /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
                reason?: string | null;
            };
            header?: never;
            path: {
                platform: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "credentials": {
                 *         "pixel_id": "1234567890123456",
                 *         "access_token": "EAAsandbox-conversions"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["ConversionConnectionInput"];
            };
        };
        responses: {
            /** @description The connection */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionResult"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable, connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteConversionsConnectionsByPlatform: {
        parameters: {
            query?: {
                /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
                reason?: string | null;
            };
            header?: never;
            path: {
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The connection */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionResult"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable, connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postConversionsConnectionsByPlatformTest: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the platform says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionResult"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable, connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConversionsDeadLetters: {
        parameters: {
            query?: {
                /** @description `next_before` of the page before. */
                before?: number;
                event_id?: string;
                event_name?: string;
                /** @description Most entries of the page. */
                limit?: number;
                platform?: "meta" | "google" | "tiktok" | "snapchat";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        dead_letters: components["schemas"]["EventDeliveryLog"][];
                        /** @description Where the next page begins; null on the last one. */
                        next_before: number | null;
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postConversionsDeadLettersReplay: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "platform": "meta",
                 *       "reason": "the mapping is mended"
                 *     }
                 */
                "application/json": components["schemas"]["ConversionReplay"];
            };
        };
        responses: {
            /** @description What is sent again, and what is not */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversionReplayResult"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable, connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConversionsDeliveries: {
        parameters: {
            query?: {
                /** @description `next_before` of the page before. */
                before?: number;
                event_id?: string;
                event_name?: string;
                /** @description Most entries of the page. */
                limit?: number;
                platform?: "meta" | "google" | "tiktok" | "snapchat";
                state?: "pending" | "sent" | "acknowledged" | "retrying" | "dead";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        deliveries: components["schemas"]["EventDeliveryLog"][];
                        /** @description Where the next page begins; null on the last one. */
                        next_before: number | null;
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConversionsDeliveriesCounts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Platforms where there are some */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        counts: components["schemas"]["ConversionDeliveryCounts"][];
                        /** @description False where there are more of a state than are counted, 10,000: the newest are. */
                        is_whole: boolean;
                    };
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postConversionsEvents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "events": [
                 *         {
                 *           "event_id": "ord-1",
                 *           "event_name": "purchase",
                 *           "event_time": "2026-11-20T11:00:00Z",
                 *           "action_source": "website",
                 *           "event_source_url": "https://shop.example/thanks",
                 *           "platforms": [
                 *             "meta"
                 *           ],
                 *           "user_data": {
                 *             "email": "ann@x.example",
                 *             "phone": "+1 650 555 1212",
                 *             "country": "US",
                 *             "client_ip_address": "203.0.113.7",
                 *             "client_user_agent": "Mozilla/5.0"
                 *           },
                 *           "custom_data": {
                 *             "value": 49.9,
                 *             "currency": "USD",
                 *             "order_id": "ord-1",
                 *             "contents": [
                 *               {
                 *                 "id": "sku-1",
                 *                 "quantity": 2,
                 *                 "item_price": 24.95
                 *               }
                 *             ]
                 *           },
                 *           "consent": {
                 *             "ad_user_data": "granted",
                 *             "ad_personalization": "granted"
                 *           }
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["ConversionEvents"];
            };
        };
        responses: {
            /** @description What became of each, in order */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        results: components["schemas"]["ConversionResult"][];
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConversionsEventsById: {
        parameters: {
            query?: {
                event_name?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The events with this id: one, unless events of several names have it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        event_id: string;
                        events: components["schemas"]["ConversionState"][];
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConversionsHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Every connection */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        connectors: components["schemas"]["ConnectorHealthStatus"][];
                        /** @enum {string} */
                        status: "healthy" | "degraded" | "unhealthy";
                    };
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConversionsHealthHistory: {
        parameters: {
            query?: {
                /** @description How far back, in hours. */
                hours?: number;
                platform?: "meta" | "google" | "tiktok" | "snapchat" | "whatsapp";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Oldest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        history: components["schemas"]["ConnectorHealthPoint"][];
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConversionsMappings: {
        parameters: {
            query?: {
                /** @description The latest where nothing is said. */
                version?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The mappings */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventMappings"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    putConversionsMappings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "mappings": [
                 *         {
                 *           "source_event": "order_completed",
                 *           "platform_events": {
                 *             "meta": "Purchase"
                 *           },
                 *           "parameters": {
                 *             "content_category": "shoes"
                 *           }
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["EventMappingsInput"];
            };
        };
        responses: {
            /** @description The mappings */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventMappings"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable, connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConversionsMatchQuality: {
        parameters: {
            query?: {
                /** @description How far back, in days, with today. */
                days?: number;
                platform?: "meta" | "google" | "tiktok" | "snapchat";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Oldest first; a day without events is left out */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        days: components["schemas"]["MatchQualityDay"][];
                        /** @enum {boolean} */
                        is_estimate: true;
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConversionsMessages: {
        parameters: {
            query?: {
                /** @description `next_before` of the page before. */
                before?: number;
                /** @description Most entries of the page. */
                limit?: number;
                state?: "pending" | "sending" | "unknown" | "accepted" | "sent" | "failed" | "delivered" | "read";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        messages: components["schemas"]["WhatsAppMessage"][];
                        /** @description A count. */
                        next_before: number | null;
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postConversionsMessages: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "message_id": "msg-1",
                 *       "to": "+1 650 555 1212",
                 *       "template": {
                 *         "name": "order_confirmation",
                 *         "language": "en_US",
                 *         "components": [
                 *           {
                 *             "type": "body",
                 *             "parameters": [
                 *               {
                 *                 "type": "text",
                 *                 "text": "Mary"
                 *               },
                 *               {
                 *                 "type": "text",
                 *                 "text": "49.90 USD"
                 *               }
                 *             ]
                 *           }
                 *         ]
                 *       },
                 *       "consent": {
                 *         "messaging": "granted"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["WhatsAppMessageInput"];
            };
        };
        responses: {
            /** @description It came before; this is what became of it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhatsAppMessage"] & {
                        /** @enum {string} */
                        status: "accepted" | "duplicate";
                    };
                };
            };
            /** @description It is stored and will be sent */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhatsAppMessage"] & {
                        /** @enum {string} */
                        status: "accepted" | "duplicate";
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description idempotency_key_in_use */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description idempotency_key_reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConversionsMessagesById: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The message */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhatsAppMessage"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postConversionsPreview: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "events": [
                 *         {
                 *           "event_id": "ord-1",
                 *           "event_name": "purchase",
                 *           "event_time": "2026-11-20T11:00:00Z",
                 *           "action_source": "website",
                 *           "event_source_url": "https://shop.example/thanks",
                 *           "platforms": [
                 *             "meta"
                 *           ],
                 *           "user_data": {
                 *             "email": "ann@x.example",
                 *             "phone": "+1 650 555 1212",
                 *             "country": "US",
                 *             "client_ip_address": "203.0.113.7",
                 *             "client_user_agent": "Mozilla/5.0"
                 *           },
                 *           "custom_data": {
                 *             "value": 49.9,
                 *             "currency": "USD",
                 *             "order_id": "ord-1",
                 *             "contents": [
                 *               {
                 *                 "id": "sku-1",
                 *                 "quantity": 2,
                 *                 "item_price": 24.95
                 *               }
                 *             ]
                 *           },
                 *           "consent": {
                 *             "ad_user_data": "granted",
                 *             "ad_personalization": "granted"
                 *           }
                 *         }
                 *       ],
                 *       "platforms": [
                 *         "meta"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["ConversionPreviewInput"];
            };
        };
        responses: {
            /** @description One for each event and platform, with tokens masked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        previews: components["schemas"]["ConversionPreview"][];
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConversionsWebhooksWhatsapp: {
        parameters: {
            query?: {
                /**
                 * @description What is answered.
                 * @example 1158201444
                 */
                "hub.challenge"?: string;
                /**
                 * @description `subscribe`
                 * @example subscribe
                 */
                "hub.mode"?: string;
                /** @description `webhook_verify_token` of a connection. */
                "hub.verify_token"?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The challenge */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description No connection has this token */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
        };
    };
    postConversionsWebhooksWhatsapp: {
        parameters: {
            query?: never;
            header?: {
                /** @description `sha256=` and the HMAC of the body, in hexadecimal. */
                "X-Hub-Signature-256"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "object": "whatsapp_business_account",
                 *       "entry": [
                 *         {
                 *           "id": "1",
                 *           "changes": [
                 *             {
                 *               "field": "messages",
                 *               "value": {
                 *                 "messaging_product": "whatsapp",
                 *                 "metadata": {
                 *                   "phone_number_id": "100000000000001"
                 *                 },
                 *                 "statuses": [
                 *                   {
                 *                     "id": "wamid.1",
                 *                     "status": "delivered",
                 *                     "timestamp": "1795860000"
                 *                   }
                 *                 ]
                 *               }
                 *             }
                 *           ]
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            /** @description It is taken */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It is signed, but cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description The signature fits no connection of the number */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description It is longer than 3 MiB */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description The database is unavailable; WhatsApp tries again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
        };
    };
    getEvents: {
        parameters: {
            query?: never;
            header?: {
                /** @description Go on after this event. */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events, until you hang up */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description As many streams are open as may be */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
        };
    };
    getIntegrations: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All integrations */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postIntegrations: {
        parameters: {
            query?: {
                /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
                reason?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "provider": "META",
                 *       "accessToken": "EAAsandbox"
                 *     }
                 */
                "application/json": components["schemas"]["ConnectionCredentials"];
            };
        };
        responses: {
            /** @description The integration */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_refused */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_unavailable, records_unavailable, connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteIntegrationsById: {
        parameters: {
            query?: {
                /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
                reason?: string | null;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The integration */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getIntegrationsByIdHealth: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the platform says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getIntegrationsByIdJobs: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The last 50 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        jobs: components["schemas"]["SyncJob"][];
                    };
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postIntegrationsByIdSync: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The job */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SyncJob"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getWebhooksByPlatformById: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The connection. */
                id: string;
                /**
                 * @description Type of the connection.
                 * @example resend
                 */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The challenge */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description There is no such address */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
        };
    };
    postWebhooksByPlatformById: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The connection. */
                id: string;
                /**
                 * @description Type of the connection.
                 * @example resend
                 */
                platform: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "type": "email.delivered",
                 *       "data": {}
                 *     }
                 */
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            /** @description It is taken */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The signature is wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description There is no such address */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
        };
    };
    getDocs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    getLivez: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It does */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    postMcp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "jsonrpc": "2.0",
                 *       "id": 1,
                 *       "method": "tools/list",
                 *       "params": {}
                 *     }
                 */
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            /** @description The result of the message, or its error */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                    "text/event-stream": string;
                };
            };
            /** @description A notification was taken */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The message cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description There is no such method */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description Accept takes neither JSON nor events */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All metrics */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
        };
    };
    getOpenapiJson: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
        };
    };
    postOpenrtb2BySeatBid: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Seat of the exchange.
                 * @example example
                 */
                seat: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "id": "1",
                 *       "imp": [
                 *         {
                 *           "id": "1",
                 *           "banner": {
                 *             "w": 300,
                 *             "h": 250
                 *           }
                 *         }
                 *       ],
                 *       "tmax": 200
                 *     }
                 */
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            /** @description Bids */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            /** @description No bid */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The body is no bid request: "field" names what is missing or wrong */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            /** @description The seat wants a key that may bid, or another address */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description There is no such seat */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Accept-Encoding takes the answer neither as it is nor in gzip */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Content-Encoding is another one than gzip */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            /** @description More requests than the seat may send */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getOpenrtb2NoticeByKindByToken: {
        parameters: {
            query?: {
                /** @description Currency of the price. */
                cur?: string;
                /** @description Loss reason code. */
                loss?: string;
                /** @description Clearing price, for a thousand impressions. */
                price?: string;
            };
            header?: never;
            path: {
                /**
                 * @description win, billing or loss
                 * @example win
                 */
                kind: string;
                /** @description As it is in the bid. */
                token: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is booked, or was before */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The address is not one of ours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It cannot be booked now: budget_store_unavailable or records_unavailable; send it again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
        };
    };
    postOpenrtb2NoticeByKindByToken: {
        parameters: {
            query?: {
                /** @description Currency of the price. */
                cur?: string;
                /** @description Loss reason code. */
                loss?: string;
                /** @description Clearing price, for a thousand impressions. */
                price?: string;
            };
            header?: never;
            path: {
                /**
                 * @description win, billing or loss
                 * @example win
                 */
                kind: string;
                /** @description As it is in the bid. */
                token: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is booked, or was before */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The address is not one of ours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It cannot be booked now: budget_store_unavailable or records_unavailable; send it again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
        };
    };
    getReadyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description "ok": every part does */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description A line for each part that does not, with its name and why */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    getAlerts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Critical ones first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alerts"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getApprovals: {
        parameters: {
            query?: {
                /** @description `approvalId` of the last one of the page before: only older ones are listed. */
                before?: string;
                limit?: number;
                status?: "pending_approval" | "refused" | "expired" | "applying" | "applied" | "not_applied" | "interrupted";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Approvals */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        approvals: components["schemas"]["Approval"][];
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getApprovalsById: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The approval now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postApprovalsById: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "decision": "approve",
                 *       "reason": "agreed with the client"
                 *     }
                 */
                "application/json": components["schemas"]["ApprovalDecision"];
            };
        };
        responses: {
            /** @description The approval, and what came of it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description approval_ended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getAudit: {
        parameters: {
            query?: {
                action?: "limits.set" | "budget.removed" | "budget.paused" | "budget.resumed" | "kill_switch.engaged" | "kill_switch.released" | "key.made" | "key.changed" | "key.revoked" | "campaign.stored" | "campaign.deleted" | "ltv.stored" | "ltv.deleted" | "store.trusted" | "connector.connected" | "connector.disconnected" | "connector.schedule_set" | "connector.webhook_secret_set" | "connector.suppression_lifted" | "conversions.connection_set" | "conversions.mappings_set" | "conversions.replayed" | "platform_campaign.created" | "platform_campaign.changed" | "approval.noted" | "approval.asked" | "approval.given" | "approval.refused" | "approval.expired" | "configuration.changed";
                /** @description Name of an API key. */
                caller?: string;
                /** @description `next` of the page before. */
                cursor?: number | null;
                /** @description Not before. */
                from?: string;
                limit?: number;
                organisation?: number;
                /** @description As it is listed. */
                target?: string;
                /** @description Before. */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of changes made through this process */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        entries: components["schemas"]["AuditEntry"][];
                        /** @description Cursor of the next page; missing on the last. A page may be short and others follow all the same. */
                        next?: number;
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getBids: {
        parameters: {
            query?: {
                /** @description `bidId` of the last of the page before: only older ones are listed. */
                before?: string;
                limit?: number;
                platform?: "google_ads" | "meta" | "tradedesk";
                status?: "placed" | "deferred" | "pending_approval" | "dry_run" | "refused" | "outcome_unknown" | "not_placed" | "superseded" | "expired";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Decision records */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        bids: components["schemas"]["BidRecord"][];
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postBids: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body gets the same answer for 24 h, without a second hold; its header `Idempotency-Replayed` then is `true`. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "customerId": "CUST_001",
                 *       "campaignId": "summer-sale",
                 *       "platform": "google_ads",
                 *       "predictedLtv": 1200,
                 *       "bidAmount": 15
                 *     }
                 */
                "application/json": components["schemas"]["BidRequest"];
            };
        };
        responses: {
            /** @description Placed, or the result of a dry run */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BidAnswer"];
                };
            };
            /** @description Deferred: the platform is failing; placed when it recovers within 60 s. Or `pending_approval`: another key has to approve it */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BidAnswer"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description paused, idempotency_key_in_use */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description currency_mismatch, no_ltv_history, idempotency_key_reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description budget_exceeded, rate_limited, too_many_approvals */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_refused */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description platform_unavailable, records_unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description outcome_unknown */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getBidsByBidId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                bidId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The decision record */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BidRecord"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postBidsBatch: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body gets the same answer for 24 h, without a second hold; its header `Idempotency-Replayed` then is `true`. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "bids": [
                 *         {
                 *           "customerId": "CUST_001",
                 *           "campaignId": "summer-sale",
                 *           "platform": "google_ads",
                 *           "predictedLtv": 1200,
                 *           "bidAmount": 15
                 *         },
                 *         {
                 *           "customerId": "CUST_002",
                 *           "campaignId": "summer-sale",
                 *           "platform": "meta",
                 *           "predictedLtv": 90
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["BidBatch"];
            };
        };
        responses: {
            /** @description One result per bid, in order */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        results: ((components["schemas"]["BidAnswer"] | components["schemas"]["Problem"]) & {
                            /** @description HTTP status. */
                            httpStatus: number;
                        })[];
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getBudgets: {
        parameters: {
            query?: {
                /** @description `next` of the page before. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Budgets: those of platforms first, then campaigns */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        budgets: components["schemas"]["Budget"][];
                        /** @description Cursor of the next page; missing on the last. */
                        next?: string;
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getBudgetsByScope: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description `campaign:meta:120@7` is that of a campaign that organisation 7 was given, which calls it `campaign:meta:120`. */
                scope: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The budget now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Budget"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    putBudgetsByScope: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description `campaign:meta:120@7` is that of a campaign that organisation 7 was given, which calls it `campaign:meta:120`. */
                scope: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "limits": [
                 *         {
                 *           "kind": "sliding",
                 *           "windowSeconds": 600,
                 *           "max": 500
                 *         },
                 *         {
                 *           "kind": "day",
                 *           "timezone": "Europe/Berlin",
                 *           "max": 2000
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["BudgetInput"];
            };
        };
        responses: {
            /** @description The budget now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Budget"];
                };
            };
            /** @description It needs an approval: nothing is changed until another key gives it */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description changed_meanwhile */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description too_many_approvals, rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteBudgetsByScope: {
        parameters: {
            query?: {
                /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
                reason?: string | null;
            };
            header?: never;
            path: {
                /** @description `campaign:meta:120@7` is that of a campaign that organisation 7 was given, which calls it `campaign:meta:120`. */
                scope: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The budget as it was */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Budget"];
                };
            };
            /** @description It needs an approval: nothing is changed until another key gives it */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description too_many_approvals, rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getBudgetsByScopeForecast: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description `campaign:meta:120@7` is that of a campaign that organisation 7 was given, which calls it `campaign:meta:120`. */
                scope: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The forecast of each limit */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Forecast"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postBudgetsByScopePause: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description `campaign:meta:120@7` is that of a campaign that organisation 7 was given, which calls it `campaign:meta:120`. */
                scope: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "reason": "the landing page is down"
                 *     }
                 */
                "application/json": components["schemas"]["ReasonInput"];
            };
        };
        responses: {
            /** @description The budget now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Budget"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postBudgetsByScopeResume: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description `campaign:meta:120@7` is that of a campaign that organisation 7 was given, which calls it `campaign:meta:120`. */
                scope: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "reason": "the landing page is back"
                 *     }
                 */
                "application/json": components["schemas"]["ReasonInput"];
            };
        };
        responses: {
            /** @description The budget now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Budget"];
                };
            };
            /** @description It needs an approval: nothing is changed until another key gives it */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description too_many_approvals, rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getCampaigns: {
        parameters: {
            query?: {
                /** @description `next` of the page before. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Campaigns in the order of their ids */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        campaigns: components["schemas"]["Campaign"][];
                        /** @description Cursor of the next page; missing on the last. */
                        next?: string;
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getCampaignsById: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description `spring@7` is what organisation 7 calls `spring`. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The campaign, with its defaults */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Campaign"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    putCampaignsById: {
        parameters: {
            query?: {
                /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
                reason?: string | null;
            };
            header?: never;
            path: {
                /** @description `spring@7` is what organisation 7 calls `spring`. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "seat": "example",
                 *       "advertiserDomain": "advertiser.example",
                 *       "categories": [
                 *         "IAB22"
                 *       ],
                 *       "price": {
                 *         "cpmPerLtv": 0.05,
                 *         "minCpm": 5,
                 *         "maxCpm": 50
                 *       },
                 *       "creatives": [
                 *         {
                 *           "id": "summer-300x250",
                 *           "type": "banner",
                 *           "sizes": [
                 *             {
                 *               "w": 300,
                 *               "h": 250
                 *             }
                 *           ],
                 *           "markup": "<a href=\"https://advertiser.example/\">Summer</a>"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["CampaignInput"];
            };
        };
        responses: {
            /** @description The campaign, with its defaults */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Campaign"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteCampaignsById: {
        parameters: {
            query?: {
                /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
                reason?: string | null;
            };
            header?: never;
            path: {
                /** @description `spring@7` is what organisation 7 calls `spring`. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The campaign, with its defaults */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Campaign"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getDoctor: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was found */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        findings: components["schemas"]["Finding"][];
                    };
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Keys that the caller may see */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        keys: components["schemas"]["ApiKey"][];
                    };
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "summer",
                 *       "scopes": [
                 *         "bid",
                 *         "read"
                 *       ],
                 *       "expiresAt": "2100-01-01T00:00:00Z",
                 *       "budget": {
                 *         "limits": [
                 *           {
                 *             "kind": "day",
                 *             "timezone": "Europe/Berlin",
                 *             "max": 200
                 *           }
                 *         ]
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["KeyInput"];
            };
        };
        responses: {
            /** @description The key, shown once */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeApiKey"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteKeysByName: {
        parameters: {
            query?: {
                /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
                reason?: string | null;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key, revoked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patchKeysByName: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "expiresAt": "2101-01-01T00:00:00Z"
                 *     }
                 */
                "application/json": components["schemas"]["KeyChange"];
            };
        };
        responses: {
            /** @description The key now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getKillSwitch: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The switch now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KillSwitch"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postKillSwitch: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "engaged": true,
                 *       "reason": "prices look wrong",
                 *       "pauseCampaigns": false
                 *     }
                 */
                "application/json": components["schemas"]["KillSwitchInput"];
            };
        };
        responses: {
            /** @description The switch now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KillSwitch"];
                };
            };
            /** @description It needs an approval: nothing is changed until another key gives it */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description too_many_approvals, rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getLedger: {
        parameters: {
            query?: {
                /**
                 * @description Only entries since this time.
                 * @example 2026-11-01T00:00:00Z
                 */
                from?: string;
                /**
                 * @description Only entries of this budget.
                 * @example global
                 */
                scope?: string;
                /**
                 * @description Only entries before this time.
                 * @example 2100-01-01T00:00:00Z
                 */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Entries, as they are read */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description Budgets are not kept in a ledger on the disk here */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description budget_store_unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
        };
    };
    putLtv: {
        parameters: {
            query?: {
                /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
                reason?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "rows": [
                 *         {
                 *           "userId": "u-1",
                 *           "idType": "user",
                 *           "predictedLtv": 320.5,
                 *           "confidence": 0.8,
                 *           "ttlSeconds": 86400
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["Predictions"];
            };
        };
        responses: {
            /** @description How many were stored */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description A count. */
                        rows: number;
                        /** @description A count. */
                        stored: number;
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getLtvByIdTypeByUserId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                idType: string;
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The prediction */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Prediction"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteLtvByIdTypeByUserId: {
        parameters: {
            query?: {
                /** @description Why; kept with the change, see `GET /v1/audit`. The first 500 characters are kept. */
                reason?: string | null;
            };
            header?: never;
            path: {
                idType: string;
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Forgotten */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {boolean} */
                        deleted: true;
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getNotifications: {
        parameters: {
            query?: {
                /** @description `next` of the page before. */
                cursor?: number | null;
                limit?: number;
                status?: "waiting" | "delivered" | "dead";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of notifications */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Cursor of the next page; missing on the last. */
                        next?: number;
                        notifications: components["schemas"]["Notification"][];
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postNotificationsByIdReplay: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The notification now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Notification"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getPlatforms: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All platforms */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        platforms: components["schemas"]["Platform"][];
                    };
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getRoas: {
        parameters: {
            query?: {
                /** @description `nextAfter` of the page before. */
                after?: string;
                by?: "platform" | "campaign" | "source";
                /** @description How far back, in days, where `from` is left out. */
                days?: number;
                /** @description Events whose values count, separated by commas. The value of a cart and of its purchase are the same money, so only purchases count where none is named. */
                event_names?: string;
                /** @description Bids decided not before; left out, `days` before `to`. */
                from?: string;
                limit?: number;
                /** @description Bids decided before; left out, now. */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Rows by key; bids at exchanges are not among them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        by: "platform" | "campaign" | "source";
                        /** @description What is in no row and in no total. */
                        caveats: {
                            /** @enum {string} */
                            code: "exchange_bids_left_out";
                            detail: string;
                        }[];
                        eventNames: string[];
                        from: string;
                        nextAfter: string | null;
                        rows: components["schemas"]["RoasRow"][];
                        to: string;
                        /** @description Of all rows, also those of other pages. */
                        total: {
                            /** @description Bids that spent money. */
                            bids: number;
                            /** @description Bids by predictions, and by the history of values where no prediction could be had. */
                            bySource: {
                                ai: components["schemas"]["RoasFigures"];
                                fallback: components["schemas"]["RoasFigures"];
                            };
                            /** @description What the figures lack, and why one is null. */
                            caveats: {
                                /** @enum {string} */
                                code: "decisions_not_kept" | "other_processes" | "conversions_forgotten" | "outcome_unknown" | "conversions_without_value" | "value_without_currency" | "currencies_differ" | "no_spend";
                                detail: string;
                            }[];
                            /** @description Conversions that these bids bought. */
                            conversions: number;
                            /** @description Value for each unit of spend; null where one is not known, or they are in different currencies. */
                            ratio: number | null;
                            /**
                             * @description What bids spent; what has no certain outcome counts as spent, in units, by currency; null where it is not known whole.
                             * @example {
                             *       "USD": 120
                             *     }
                             */
                            spend: {
                                [key: string]: number;
                            } | null;
                            /**
                             * @description What conversions are worth, in units, by currency; null where it is not known whole.
                             * @example {
                             *       "USD": 120
                             *     }
                             */
                            value: {
                                [key: string]: number;
                            } | null;
                        };
                        /** @description Conversions that happened in this time and are in no row; null where there are more than 100,000. */
                        unjoined: {
                            /** @description Their bid bought nothing: it was refused, or was a dry run. */
                            bidWithoutSpend: number;
                            /** @description Their bid is not looked up yet, or has not ended. */
                            notJoinedYet: number;
                            /** @description No decision of their `bid_id` is kept. */
                            unknownBid: number;
                            /** @description They name no `bid_id`. */
                            withoutBid: number;
                        } | null;
                    };
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description records_unavailable, connector_store_unavailable, credentials_unreadable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSeats: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In the order of the configuration */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        seats: components["schemas"]["Seat"][];
                    };
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSeatsBySeat: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                seat: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The seat */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Seat"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postSeatsBySeatTest: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                seat: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "id": "a-test",
                 *       "imp": [
                 *         {
                 *           "id": "1",
                 *           "banner": {
                 *             "format": [
                 *               {
                 *                 "w": 300,
                 *                 "h": 250
                 *               }
                 *             ]
                 *           },
                 *           "bidfloor": 0.5
                 *         }
                 *       ],
                 *       "site": {
                 *         "domain": "news.example"
                 *       },
                 *       "ext": {
                 *         "bidwarden": {
                 *           "predictedLtv": 120
                 *         }
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["TestRequest"];
            };
        };
        responses: {
            /** @description What was found */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SeatTest"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Who asks */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "key": "bw_…"
                 *     }
                 */
                "application/json": components["schemas"]["SessionInput"];
            };
        };
        responses: {
            /** @description Who is signed in now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description payload_too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session is over */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Whether there was a session to end. */
                        ended: boolean;
                    };
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSessionOidc: {
        parameters: {
            query?: {
                /** @description Has the provider ask who it is, though somebody is signed in there. */
                anew?: string;
                /**
                 * @description Page of the console to go on at.
                 * @example /console/bids
                 */
                page?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description To the provider */
            302: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description OIDC_ISSUER is not set */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
        };
    };
    getSessionOidcCallback: {
        parameters: {
            query?: {
                /** @description By the provider. */
                code?: string;
                /** @description By the provider, in place of a code. */
                error?: string;
                /** @description By the provider, as it was sent there. */
                state?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description To the console */
            302: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description OIDC_ISSUER is not set */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
        };
    };
    getSessionWays: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The ways */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInWays"];
                };
            };
        };
    };
    getSpend: {
        parameters: {
            query?: {
                /** @description The last hour by minutes, the last day by quarters of an hour, or the last week by hours. */
                period?: "hour" | "day" | "week";
                /** @description One budget; without it those that several campaigns share, as far as the key may see them. */
                scope?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A series of buckets for each budget */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SpendOverTime"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getStore: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The store now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Store"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postStoreTrust: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "reason": "restored from a copy; spend compared with the platforms"
                 *     }
                 */
                "application/json": components["schemas"]["ReasonInput"];
            };
        };
        responses: {
            /** @description The store now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Store"];
                };
            };
            /** @description invalid_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description budget_store_unavailable, records_unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getStream: {
        parameters: {
            query?: never;
            header?: {
                /** @description Id of the last event that was seen. */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events, until you hang up */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["StreamEvent"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
            /** @description As many streams are open as may be */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": Record<string, unknown>;
                };
            };
        };
    };
    getVersion: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Version and uptime */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Version"];
                };
            };
            /** @description unauthorized, key_expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
