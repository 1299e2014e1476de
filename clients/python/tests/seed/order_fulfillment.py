#!/usr/bin/env python3
"""
E-commerce Order Fulfillment Workflow
"""

import json
import os
from flowforge import FlowForgeClient
from typing import Dict, Any

class OrderFulfillmentWorkflow:
    def __init__(self):
        # Load configuration
        with open('config.json', 'r') as f:
            self.config = json.load(f)

        # Initialize FlowForge client
        self.client = FlowForgeClient(
            api_key=self.config['api_key'],
            base_url="http://localhost:8000"
        )

        # Load workflow definition
        with open('workflow.json', 'r') as f:
            self.workflow = json.load(f)

    def validate_workflow(self) -> Dict[str, Any]:
        """Validate the workflow definition."""
        print("📋 Validating workflow...")
        return self.client.flows.validate(self.workflow)

    def execute_order_fulfillment(self, order_data: Dict[str, Any]) -> Dict[str, Any]:
        """Execute the order fulfillment workflow."""
        print(f"🚀 Processing order: {order_data.get('order_id', 'unknown')}")

        # Prepare environment variables
        env_vars = self._prepare_environment_variables()

        # Execute workflow
        result = self.client.flows.execute(
            flow_data=self.workflow,
            input_variables=order_data,
            execution_options={
                "timeout": 600,
                "max_parallel_nodes": 3,
                "environment_variables": env_vars
            }
        )

        return result

    def _prepare_environment_variables(self) -> Dict[str, str]:
        """Prepare environment variables for the workflow."""
        return {
            "WEBHOOK_SECRET": self.config["webhook_secret"],
            "INVENTORY_API_URL": self.config["inventory_api"]["url"],
            "INVENTORY_API_KEY": self.config["inventory_api"]["key"],
            "PAYMENT_API_URL": self.config["payment_api"]["url"],
            "PAYMENT_API_KEY": self.config["payment_api"]["key"],
            "SHIPPING_API_URL": self.config["shipping_api"]["url"],
            "SHIPPING_API_KEY": self.config["shipping_api"]["key"],
            "ECOMMERCE_API_URL": self.config["ecommerce_api"]["url"],
            "ECOMMERCE_API_KEY": self.config["ecommerce_api"]["key"],
            "SMTP_SERVER": self.config["email_config"]["smtp_server"],
            "SMTP_PORT": str(self.config["email_config"]["smtp_port"]),
            "SMTP_USERNAME": self.config["email_config"]["username"],
            "SMTP_PASSWORD": self.config["email_config"]["password"]
        }

    def monitor_execution(self, execution_id: str) -> Dict[str, Any]:
        """Monitor workflow execution progress."""
        import time

        print(f"📊 Monitoring execution: {execution_id}")

        while True:
            status = self.client.flows.get_execution_status(execution_id)

            print(f"📈 Status: {status['status']}")

            if status['status'] in ['completed', 'error']:
                return status

            time.sleep(5)

    def handle_webhook(self, webhook_data: Dict[str, Any]) -> Dict[str, Any]:
        """Handle incoming order webhooks."""
        print("🎣 Received order webhook")

        # Validate webhook signature (in production, this would be implemented)
        # if not self._validate_webhook_signature(webhook_data):
        #     return {"error": "Invalid webhook signature"}

        # Process the order
        result = self.execute_order_fulfillment(webhook_data)

        if result["success"]:
            print(f"✅ Order processed successfully: {result['execution_id']}")

            # Monitor the execution
            final_status = self.monitor_execution(result["execution_id"])

            return {
                "status": "processed",
                "execution_id": result["execution_id"],
                "final_status": final_status["status"],
                "duration": final_status.get("duration", 0)
            }
        else:
            print(f"❌ Order processing failed: {result.get('error', 'Unknown error')}")
            return {
                "status": "failed",
                "error": result.get("error", "Unknown error")
            }

def main():
    # Initialize workflow
    workflow = OrderFulfillmentWorkflow()

    # Validate workflow
    validation = workflow.validate_workflow()
    if not validation["valid"]:
        print("❌ Workflow validation failed:")
        for error in validation["errors"]:
            print(f"  - {error['message']}")
        return

    print("✅ Workflow validation passed!")

    # Load test data
    with open('test-data.json', 'r') as f:
        test_data = json.load(f)

    # Test with valid order
    print("\\n🧪 Testing with valid order...")
    result = workflow.execute_order_fulfillment(test_data["valid_order"])

    if result["success"]:
        print(f"✅ Order fulfillment started: {result['execution_id']}")

        # Monitor execution
        final_status = workflow.monitor_execution(result["execution_id"])

        print(f"🎉 Final status: {final_status['status']}")
        if final_status["status"] == "completed":
            print(f"⏱️ Duration: {final_status['duration']:.2f}s")
        else:
            print(f"❌ Execution failed: {final_status.get('error_message', 'Unknown error')}")
    else:
        print(f"❌ Order fulfillment failed: {result.get('error', 'Unknown error')}")

if __name__ == "__main__":
    main()
